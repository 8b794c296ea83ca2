// Makes a js-libp2p node for tests: loopback only, limits wide enough that none of them is what a test measures.
import os from 'node:os'
import { circuitRelayServer, circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { gossipsub } from '@libp2p/gossipsub'
import { identify, identifyPush } from '@libp2p/identify'
import { mdns } from '@libp2p/mdns'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'

export const AGENT = 'interop-js/1'

const SECURITIES = { tls: [tls], noise: [noise], both: [tls, noise] }
const KEY_TYPES = { ed25519: 'Ed25519', secp256k1: 'secp256k1', rsa: 'RSA', ecdsa: 'ECDSA' }
const MANY = 4096

/**
 * @param {object} options
 * @param {'tls'|'noise'|'both'} options.security
 * @param {'ed25519'|'secp256k1'|'rsa'|'ecdsa'} options.key
 * @param {boolean} [options.gossip] whether it speaks gossipsub (StrictSign)
 * @param {number} [options.monitorMs] how often it pings whom it is connected to; a connection whose ping fails is aborted. 0: never
 * @param {boolean} [options.relay] whether it relays for others (circuit relay v2)
 * @param {number} [options.mdnsPort] where it looks for peers by multicast DNS, on loopback; 0: nowhere
 * @param {object} [options.services] further services, by name
 * @param {string[]} [options.listen] where it listens; an address that ends in /p2p-circuit reserves a place at that relay
 */
export async function createNode (options) {
  const services = {
    identify: identify(),
    identifyPush: identifyPush(),
    ping: ping({ maxInboundStreams: MANY, maxOutboundStreams: MANY }),
    ...options.services
  }
  if (options.gossip === true) {
    services.pubsub = gossipsub({ globalSignaturePolicy: 'StrictSign', allowPublishToZeroTopicPeers: true, emitSelf: false })
  }
  if (options.relay === true) {
    services.relay = circuitRelayServer({ reservations: { applyDefaultLimit: true } })
  }

  if (options.mdnsPort > 0) {
    // Multicast goes where the default route does, unless there is nothing but loopback.
    const interfaces = os.networkInterfaces()
    os.networkInterfaces = () => ({ lo: Object.values(interfaces).flat().filter(of => of.internal) })
  }

  return createLibp2p({
    nodeInfo: { userAgent: AGENT },
    privateKey: await generateKeyPair(KEY_TYPES[options.key]),
    addresses: { listen: options.listen ?? ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp(), circuitRelayTransport()],
    connectionEncrypters: SECURITIES[options.security].map(make => make()),
    streamMuxers: [yamux({ maxInboundStreams: MANY, maxOutboundStreams: MANY })],
    connectionManager: { maxConnections: MANY, inboundConnectionThreshold: 100_000, maxIncomingPendingConnections: MANY },
    connectionGater: { denyDialMultiaddr: () => false }, // the default refuses to dial private addresses in some set-ups
    peerDiscovery: options.mdnsPort > 0 ? [mdns({ port: options.mdnsPort, interval: 1000 })] : [],
    connectionMonitor: options.monitorMs > 0 ? { pingInterval: options.monitorMs } : { enabled: false },
    services
  })
}
