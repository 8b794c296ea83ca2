// What a record costs in kad-dht: nodes in this process, all connected, each storing a record in turn, which another one then fetches.
import { randomFillSync } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { createNode } from './node.mjs'

const SPACE = 'interop'

// The default mapper drops loopback addresses.
const dht = kadDHT({
  protocol: '/interop/kad/1.0.0',
  clientMode: false,
  peerInfoMapper: passthroughMapper,
  validators: { [SPACE]: async () => {} },
  selectors: { [SPACE]: () => 0 }
})

/**
 * Milliseconds of processor time for one record put and got, everybody's work together; and in how many answers a node said that it
 * holds the record, by which a reader sees what was compared.
 */
export async function timeRecords ({ count, times, warmUp, bytes }) {
  const nodes = await Promise.all(Array.from({ length: count }, () => createNode({ security: 'tls', key: 'ed25519', services: { dht } })))
  for (const [i, node] of nodes.entries()) {
    await Promise.all(nodes.slice(0, i).map(other => node.dial(other.getMultiaddrs())))
  }
  while (nodes.some(node => node.services.dht.routingTable.size < count - 1)) {
    await setTimeout(50)
  }

  // Every node looks itself up a second after its start: that is not what is weighed.
  await setTimeout(2000)

  let stored = 0
  const putAndGet = async (first, number) => {
    for (let i = first; i < first + number; i++) {
      const key = Buffer.from(`/${SPACE}/${i}`)
      const value = randomFillSync(Buffer.alloc(bytes))
      for await (const event of nodes[i % count].services.dht.put(key, value)) {
        if (event.name === 'PEER_RESPONSE' && event.messageName === 'PUT_VALUE') {
          stored++
        }
      }

      let got
      for await (const event of nodes[(i + (count >> 1)) % count].services.dht.get(key)) {
        if (event.name === 'VALUE') {
          got = event.value
        }
      }
      if (got == null || !value.equals(got)) {
        throw new Error(`record ${i} did not come back`)
      }
    }
  }

  await putAndGet(0, warmUp)
  stored = 0
  const before = process.cpuUsage()
  const begin = performance.now()
  await putAndGet(warmUp, times)
  const elapsed = performance.now() - begin
  const { user, system } = process.cpuUsage(before)
  await Promise.all(nodes.map(node => node.stop()))
  return { ms: (user + system) / 1000 / times, elapsed: elapsed / times, holders: stored / times }
}
