// What gossip costs: nodes in this process, all connected, publishing signed messages in turn, each awaited until all others have it.
import { once } from 'node:events'
import { randomFillSync } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { createNode } from './node.mjs'

const TOPIC = 'interop/cost'

/** Milliseconds of processor time for one publish, everybody's work together. */
export async function timeGossip ({ count, publishes, warmUp, bytes }) {
  const nodes = await Promise.all(Array.from({ length: count }, () => createNode({ security: 'tls', key: 'ed25519', gossip: true })))
  for (const [i, node] of nodes.entries()) {
    await Promise.all(nodes.slice(0, i).map(other => node.dial(other.getMultiaddrs())))
  }

  const arrivals = new EventTarget()
  let missing = 0
  for (const { services: { pubsub } } of nodes) {
    pubsub.subscribe(TOPIC)
    pubsub.addEventListener('message', () => { if (--missing === 0) arrivals.dispatchEvent(new Event('all')) })
  }
  while (nodes.some(({ services: { pubsub } }) => pubsub.getMeshPeers(TOPIC).length < Math.min(4, count - 1))) {
    await setTimeout(50)
  }

  const publish = async times => {
    for (let i = 0; i < times; i++) {
      missing = count - 1
      const all = once(arrivals, 'all')
      await nodes[i % count].services.pubsub.publish(TOPIC, randomFillSync(new Uint8Array(bytes)))
      await all
    }
  }
  await publish(warmUp)
  const before = process.cpuUsage()
  await publish(publishes)
  const { user, system } = process.cpuUsage(before)
  await Promise.all(nodes.map(node => node.stop()))
  return { ms: (user + system) / 1000 / publishes }
}
