// The test protocols, both roles. Each tells a different thing about streams; the other side's twin is TestProtocols.cs.
//   echo    what comes goes back, until the remote's end, then ours
//   digest  reads to the remote's end, and only then answers: 8 bytes big-endian count, 32 bytes SHA-256. (Half-close, upload.)
//   sink    as digest, but only counts: what the transfer costs and nothing else
//   source  reads an 8-byte big-endian count to the remote's end, then sends as many bytes and their SHA-256. (Half-close, download.)
//   refuse  reads one chunk, then resets the stream
//   hold    sends back one chunk, then waits for the end and reports how it came
//   perf    libp2p's own /perf/1.0.0: 8-byte count to send back, upload to the end, then the download
import { createHash, randomFillSync } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'

export const ECHO = '/interop/echo/1.0.0'
export const DIGEST = '/interop/digest/1.0.0'
export const SINK = '/interop/sink/1.0.0'
export const SOURCE = '/interop/source/1.0.0'
export const REFUSE = '/interop/refuse/1.0.0'
export const HOLD = '/interop/hold/1.0.0'
export const PERF = '/perf/1.0.0'

const CHUNK_BYTES = 65536
const DIGEST_BYTES = 32

// The defaults allow few streams, and none over a relayed connection.
const MANY = { maxInboundStreams: 4096, maxOutboundStreams: 4096, runOnLimitedConnection: true }

const lengthBytes = count => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(count))
  return bytes
}

// Reads to the remote's end. A reset throws, also one that came before the reading began.
async function * read (stream) {
  for await (const chunk of stream) {
    yield chunk.subarray()
  }
  if (stream.status === 'reset' || stream.status === 'aborted') {
    throw new Error(`the stream was ${stream.status}`)
  }
}

async function readAll (stream) {
  const chunks = []
  for await (const chunk of read(stream)) {
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function send (stream, chunk) {
  if (!stream.send(chunk)) {
    await stream.onDrain()
  }
}

// Sends as many random bytes and returns their hash.
async function sendRandom (stream, bytes) {
  const hash = createHash('sha256')
  for (let left = bytes; left > 0;) {
    // A new buffer each time: js-libp2p keeps what it was given until it has left.
    const chunk = randomFillSync(new Uint8Array(Math.min(CHUNK_BYTES, left)))
    hash.update(chunk)
    await send(stream, chunk)
    left -= chunk.byteLength
  }
  return hash.digest()
}

async function sendZeros (stream, bytes) {
  const zeros = new Uint8Array(CHUNK_BYTES)
  for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
    await send(stream, left < CHUNK_BYTES ? zeros.subarray(0, left) : zeros)
  }
}

async function count (stream) {
  let total = 0
  for await (const chunk of read(stream)) {
    total += chunk.byteLength
  }
  return total
}

/** Answers the test protocols. */
export async function serve (node, report) {
  const answer = (protocol, handle) => node.handle(protocol, async stream => {
    try {
      await handle(stream)
    } catch (error) {
      stream.abort(error)
      report({ event: 'failed', protocol, error: error.name, message: error.message })
    }
  }, MANY)

  await answer(ECHO, async stream => {
    for await (const chunk of read(stream)) {
      await send(stream, chunk)
    }
    await stream.close()
  })
  await answer(DIGEST, async stream => {
    const hash = createHash('sha256')
    let total = 0
    for await (const chunk of read(stream)) {
      hash.update(chunk)
      total += chunk.byteLength
    }
    await send(stream, Buffer.concat([lengthBytes(total), hash.digest()]))
    await stream.close()
  })
  await answer(SINK, async stream => {
    await send(stream, lengthBytes(await count(stream)))
    await stream.close()
  })
  await answer(SOURCE, async stream => {
    const wanted = Number((await readAll(stream)).readBigUInt64BE())
    await send(stream, await sendRandom(stream, wanted))
    await stream.close()
  })
  await answer(REFUSE, async stream => {
    await read(stream).next()
    stream.abort(new Error('on purpose'))
  })
  await answer(HOLD, async stream => {
    const chunks = read(stream)
    await send(stream, (await chunks.next()).value)
    let end = 'end'
    try {
      while (!(await chunks.next()).done) { /* only the end matters */ }
    } catch (error) {
      end = error.name
    }
    report({ event: 'held', end })
    await stream.close()
  })
  await answer(PERF, async stream => {
    const chunks = read(stream)
    let header = Buffer.alloc(0)
    while (header.length < 8) {
      const { value, done } = await chunks.next()
      if (done) throw new Error('the stream ended within the header')
      header = Buffer.concat([header, value])
    }
    while (!(await chunks.next()).done) { /* the upload is dropped */ }
    await sendZeros(stream, Number(header.readBigUInt64BE()))
    await stream.close()
  })
}

/** The dialer's role of each test protocol; every one returns what the command answers. */
export function traffic (node, target) {
  const open = (to, protocol) => node.dialProtocol(target(to), protocol, { ...MANY, signal: AbortSignal.timeout(30_000) })
  const hex = bytes => Buffer.from(bytes).toString('hex')

  const timeDials = async (to, count, use) => {
    const ms = []
    for (let i = 0; i < count; i++) {
      const begin = performance.now()
      const connection = await node.dial(target(to))
      await use(connection)
      ms.push(performance.now() - begin)
      await connection.close()
    }
    return { ms }
  }

  return {
    async echo ({ to, bytes }) {
      const stream = await open(to, ECHO)
      const hash = createHash('sha256')
      const reading = (async () => { for await (const chunk of read(stream)) hash.update(chunk) })()
      const sent = await sendRandom(stream, bytes)
      await stream.close()
      await reading
      return { sent: hex(sent), received: hash.digest('hex') }
    },
    async upload ({ to, bytes }) {
      const stream = await open(to, DIGEST)
      const answer = readAll(stream)
      const sent = await sendRandom(stream, bytes)
      await stream.close()
      const received = await answer
      return { sent: hex(sent), count: Number(received.readBigUInt64BE()), received: received.toString('hex', 8) }
    },
    async download ({ to, bytes }) {
      const stream = await open(to, SOURCE)
      await send(stream, lengthBytes(bytes))
      await stream.close()
      const hash = createHash('sha256')
      let tail = Buffer.alloc(0)
      let total = 0
      for await (const chunk of read(stream)) {
        total += chunk.byteLength
        const both = Buffer.concat([tail, chunk])
        const cut = Math.max(0, both.length - DIGEST_BYTES)
        hash.update(both.subarray(0, cut))
        tail = both.subarray(cut)
      }
      return { sent: tail.toString('hex'), count: total - DIGEST_BYTES, received: hash.digest('hex') }
    },
    // All are open, and have echoed once, before the first is closed.
    async streams ({ to, count, bytes }) {
      const streams = await Promise.all(Array.from({ length: count }, () => open(to, ECHO)))
      const readers = streams.map(stream => read(stream))
      const echoed = await Promise.all(streams.map(async (stream, i) => {
        const sent = randomFillSync(Buffer.alloc(bytes))
        await send(stream, sent)
        let received = Buffer.alloc(0)
        while (received.length < bytes) {
          const { value, done } = await readers[i].next()
          if (done) break
          received = Buffer.concat([received, value])
        }
        return received.equals(sent)
      }))
      const open_ = streams.filter(stream => stream.status === 'open').length
      await Promise.all(streams.map(async (stream, i) => {
        await stream.close()
        while (!(await readers[i].next()).done) { /* to the end */ }
      }))
      return { echoed: echoed.filter(yes => yes).length, open: open_ }
    },
    // Sends bytes as they are, for a protocol that they need not be right for; says how the stream stands after a while, or when it ends.
    async raw ({ to, protocol, data, ms }) {
      const stream = await open(to, protocol)
      const ended = new Promise(resolve => { stream.addEventListener('close', () => resolve(), { once: true }) })
      await send(stream, Buffer.from(data, 'base64'))
      if (stream.status === 'open') {
        await Promise.race([ended, setTimeout(ms)])
      }
      return { status: stream.status }
    },
    // The remote resets; the answer is the error that reading gave.
    async refused ({ to }) {
      const stream = await open(to, REFUSE)
      await send(stream, Buffer.from('anything'))
      try {
        await readAll(stream)
        return { end: 'end' }
      } catch (error) {
        return { end: error.name }
      }
    },
    // We reset.
    async abort ({ to }) {
      const stream = await open(to, HOLD)
      await send(stream, Buffer.from('held'))
      const echoed = Buffer.from((await read(stream).next()).value).toString()
      stream.abort(new Error('on purpose'))
      return { echoed }
    },
    async perf ({ to, upload, download }) {
      const stream = await open(to, PERF)
      const received = count(stream)
      await send(stream, lengthBytes(download))
      await sendZeros(stream, upload)
      await stream.close()
      return { received: await received }
    },

    // ---- For the comparison: milliseconds, measured here. ----
    async timeUpload ({ to, bytes }) {
      const stream = await open(to, SINK)
      const begin = performance.now()
      const answer = readAll(stream)
      await sendZeros(stream, bytes)
      await stream.close()
      const total = Number((await answer).readBigUInt64BE())
      return { total, ms: performance.now() - begin }
    },
    async timeEchoes ({ to, count, bytes }) {
      const stream = await open(to, ECHO)
      const chunks = read(stream)
      const payload = new Uint8Array(bytes)
      const ms = []
      for (let i = 0; i < count; i++) {
        const begin = performance.now()
        await send(stream, payload)
        for (let received = 0; received < bytes;) {
          received += (await chunks.next()).value.byteLength
        }
        ms.push(performance.now() - begin)
      }
      await stream.close()
      return { ms }
    },
    async timePings ({ to, count }) {
      const ms = []
      for (let i = 0; i < count; i++) {
        const begin = performance.now()
        await node.services.ping.ping(target(to))
        ms.push(performance.now() - begin)
      }
      return { ms }
    },
    timeDials: ({ to, count }) => timeDials(to, count, async () => {}),
    timeAnsweredDials: ({ to, count, bytes }) => timeDials(to, count, async connection => {
      const stream = await connection.newStream(ECHO, MANY)
      await send(stream, new Uint8Array(bytes))
      await read(stream).next()
    })
  }
}
