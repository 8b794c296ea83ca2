// A js-libp2p peer for tests: node peer.mjs '{"security":"tls","key":"ed25519"}' (the options are createNode's).
// Commands are JSON lines on standard input: {"id":1,"do":"dial","to":"/ip4/…/p2p/…"}. Answers and events are JSON lines on standard
// output: {"id":1,"ok":true,…}, {"id":1,"ok":false,"error":NAME,"message":…}, {"event":"connect",…}. Commands run side by side.
// It ends when its standard input does, so it never outlives who started it.
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { timeGossip } from './gossip.mjs'
import { timeRecords } from './kad.mjs'
import { createNode } from './node.mjs'
import { serve, traffic } from './traffic.mjs'

const tell = line => process.stdout.write(JSON.stringify(line, (_, value) => typeof value === 'bigint' ? value.toString() : value) + '\n')
const target = text => text.startsWith('/') ? multiaddr(text) : peerIdFromString(text)
const limit = () => ({ signal: AbortSignal.timeout(30_000) })

const options = JSON.parse(process.argv[2] ?? '{}')
const node = await createNode(options)
let second
const { ping, pubsub } = node.services

const events = {
  'peer:connect': detail => ({ event: 'connect', peer: detail.toString() }),
  'peer:disconnect': detail => ({ event: 'disconnect', peer: detail.toString() }),
  'peer:identify': detail => ({
    event: 'identify',
    peer: detail.peerId.toString(),
    agent: detail.agentVersion,
    version: detail.protocolVersion,
    protocols: detail.protocols,
    addresses: detail.listenAddrs.map(String),
    observed: detail.observedAddr?.toString(),
    record: detail.signedPeerRecord == null
      ? null
      : { seq: detail.signedPeerRecord.seq, addresses: detail.signedPeerRecord.addresses.map(String) }
  }),
  'peer:discovery': detail => ({ event: 'discovery', peer: detail.id.toString(), addresses: detail.multiaddrs.map(String) }),
  'self:peer:update': () => ({ event: 'self', addresses: node.getMultiaddrs().map(String) })
}
const pubsubEvents = {
  message: detail => ({
    event: 'message',
    topic: detail.topic,
    type: detail.type,
    from: detail.from?.toString(),
    seqno: detail.sequenceNumber,
    data: Buffer.from(detail.data).toString('base64')
  }),
  'subscription-change': detail => ({ event: 'subscription', peer: detail.peerId.toString(), topics: detail.subscriptions.filter(s => s.subscribe).map(s => s.topic) }),
  'gossipsub:graft': detail => ({ event: 'graft', peer: detail.peerId, topic: detail.topic, direction: detail.direction }),
  'gossipsub:prune': detail => ({ event: 'prune', peer: detail.peerId, topic: detail.topic, direction: detail.direction })
}
for (const [name, describe] of Object.entries(events)) {
  node.addEventListener(name, event => tell(describe(event.detail)))
}
for (const [name, describe] of Object.entries(pubsub == null ? {} : pubsubEvents)) {
  pubsub.addEventListener(name, event => tell(describe(event.detail)))
}

await serve(node, tell)

const commands = {
  ...traffic(node, target),
  timeGossip,
  timeRecords,
  // To a second node in this process.
  async timeUploadHere ({ bytes }) {
    if (second == null) {
      second = await createNode(options)
      await serve(second, tell)
    }
    return commands.timeUpload({ to: second.getMultiaddrs()[0].toString(), bytes })
  },
  async dial ({ to }) {
    const connection = await node.dial(target(to), limit())
    return { peer: connection.remotePeer.toString(), encryption: connection.encryption, muxer: connection.multiplexer, address: connection.remoteAddr.toString() }
  },
  async hangUp ({ peer }) {
    await node.hangUp(peerIdFromString(peer), limit())
    return {}
  },
  async connections () {
    return {
      connections: node.getConnections().map(c => ({
        peer: c.remotePeer.toString(), encryption: c.encryption, muxer: c.multiplexer, direction: c.direction, rtt: c.rtt ?? null, address: c.remoteAddr.toString()
      }))
    }
  },
  async info () {
    return { addresses: node.getMultiaddrs().map(String), protocols: node.getProtocols() }
  },
  // Answers one more protocol (which js-libp2p tells its peers by identify push).
  async answer ({ protocol }) {
    await node.handle(protocol, stream => { stream.close() })
    return {}
  },
  async known ({ peer }) {
    const { protocols, addresses, peerRecordEnvelope } = await node.peerStore.get(peerIdFromString(peer))
    return { protocols, addresses: addresses.map(a => a.multiaddr.toString()), isRecordSigned: peerRecordEnvelope != null }
  },
  // Lets that much time pass, in which the connection monitor pings, and says what has become of the connection.
  async watch ({ peer, ms }) {
    await setTimeout(ms)
    const connection = node.getConnections(peerIdFromString(peer))[0]
    return { status: connection?.status ?? 'gone', rtt: connection?.rtt ?? null }
  },
  async ping ({ to, count }) {
    const ms = []
    for (let i = 0; i < count; i++) {
      ms.push(await ping.ping(target(to), limit()))
    }
    return { ms }
  },
  async subscribe ({ topic }) {
    pubsub.subscribe(topic)
    return {}
  },
  async unsubscribe ({ topic }) {
    pubsub.unsubscribe(topic)
    return {}
  },
  async publish ({ topic, data }) {
    const { recipients } = await pubsub.publish(topic, Buffer.from(data, 'base64'))
    return { recipients: recipients.map(String) }
  },
  async topic ({ topic }) {
    return { subscribers: pubsub.getSubscribers(topic).map(String), mesh: pubsub.getMeshPeers(topic) }
  }
}

async function obey ({ id, do: name, ...rest }) {
  try {
    if (typeof commands[name] !== 'function') {
      throw new Error(`unknown command ${name}`)
    }
    tell({ id, ok: true, ...await commands[name](rest) })
  } catch (error) {
    const causes = (error.errors ?? []).map(inner => `${inner.name}: ${inner.message}`)
    tell({ id, ok: false, error: error.name, message: [error.message, ...causes].join(' | ') })
  }
}

tell({ event: 'ready', pid: process.pid, peer: node.peerId.toString(), addresses: node.getMultiaddrs().map(String), protocols: node.getProtocols() })
createInterface({ input: process.stdin }).on('line', line => { obey(JSON.parse(line)) }).on('close', () => process.exit(0))
