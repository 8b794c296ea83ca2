// Measures viem on the same work as tests/Sdk.Benchmarks/Comparison/ViemComparison.cs and prints microseconds for one operation as JSON.
// node viem.mjs MODULES MILLISECONDS
import { pathToFileURL } from 'node:url'

const [modules, milliseconds] = process.argv.slice(2)
const load = (path) => import(pathToFileURL(`${modules}/viem/_esm/${path}`).href)
const { decodeAbiParameters, encodeAbiParameters, parseAbiParameters, recoverAddress, recoverTypedDataAddress } = await load('index.js')
const { sign, signTypedData } = await load('accounts/index.js')

const address = '0x98E6C644aFeB94BBfB9FF60EB26fc9D83BBEcA79'
const flat = parseAbiParameters('address, address, uint256')
const flatValues = [address, address, 500n]
const nested = parseAbiParameters('uint256, (address, bytes)[2], string[], uint64[]')
const nestedValues = [
  2n ** 255n,
  [[address, `0x${'ab'.repeat(100)}`], [address, '0x0102']],
  ['one', 'two', 'a text that is longer than thirty-two bytes'],
  Array.from({ length: 20 }, (_, i) => BigInt(i)),
]
const flatEncoded = encodeAbiParameters(flat, flatValues)
const nestedEncoded = encodeAbiParameters(nested, nestedValues)

const privateKey = '0x634fb5a872396d9693e5c9f9d7233cfa93f395c093371017ff44aa9ae6564cdd'
const cheque = {
  domain: { name: 'Vault', version: '1', chainId: 1, verifyingContract: address },
  types: { Cheque: [{ name: 'issuer', type: 'address' }, { name: 'beneficiary', type: 'address' }, { name: 'cumulativePayout', type: 'uint256' }] },
  primaryType: 'Cheque',
  message: { issuer: address, beneficiary: address, cumulativePayout: 500n },
}
const hash = `0x${'5a'.repeat(32)}`

const work = {
  encodeFlat: () => encodeAbiParameters(flat, flatValues),
  decodeFlat: () => decodeAbiParameters(flat, flatEncoded),
  encodeNested: () => encodeAbiParameters(nested, nestedValues),
  decodeNested: () => decodeAbiParameters(nested, nestedEncoded),
  signAndRecover: async () => recoverAddress({ hash, signature: await sign({ hash, privateKey, to: 'hex' }) }),
  cheque: async () => recoverTypedDataAddress({ ...cheque, signature: await signTypedData({ ...cheque, privateKey }) }),
}

const figures = { nestedEncoded }
for (const [name, once] of Object.entries(work)) {
  const isAsync = once() instanceof Promise
  const run = async (limit) => {
    const started = performance.now()
    let count = 0
    for (; performance.now() - started < limit; count++) {
      if (isAsync) await once()
      else once()
    }
    return (1000 * (performance.now() - started)) / count
  }
  await run(milliseconds / 2)
  figures[name] = await run(milliseconds)
}
console.log(JSON.stringify(figures))
