// Compiles every Solidity source of the suite and writes X.json beside X.sol: contract name, compiler, settings, ABI, bytecode.
//   node eng/contracts/compile.mjs [NAME…]    writes; with names (Vault, Escrow) only those
//   node eng/contracts/compile.mjs --check    writes nothing; fails where a committed X.json is not what X.sol compiles to
// The compiler comes from npm as the lock file pins it, installed into artifacts/contracts on first use.
// The same sources give the same bytes on any machine: paths are relative to the repository, and bytecode carries no metadata.
// A file X.sol may hold interfaces and libraries beside one contract that can be deployed; a file without such a contract gets no X.json.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const installation = join(root, 'artifacts', 'contracts');
const modules = join(installation, 'node_modules');

const settings = {
  evmVersion: 'cancun', // transient storage: a reentrancy guard for 200 gas instead of 5 000
  viaIR: true,
  optimizer: { enabled: true, runs: 1_000_000 }, // a contract is deployed once: 200 runs cost every cheque 200 gas more
  metadata: { appendCBOR: false, bytecodeHash: 'none' },
};

function install() {
  const lock = join(installation, 'package-lock.json');
  if (existsSync(modules) && existsSync(lock) && readFileSync(lock).equals(readFileSync(join(here, 'package-lock.json')))) return;
  rmSync(installation, { recursive: true, force: true });
  mkdirSync(installation, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(here, file), join(installation, file));
  try {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: installation, stdio: ['ignore', 'ignore', 'inherit'] });
  } catch (error) {
    // Half an installation would look like a whole one next time.
    rmSync(installation, { recursive: true, force: true });
    throw error;
  }
}

function* solidityFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (['bin', 'obj', 'node_modules'].includes(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* solidityFiles(path);
    else if (entry.name.endsWith('.sol')) yield relative(root, path).split(sep).join('/');
  }
}

function compile(sources) {
  const solc = createRequire(join(installation, 'package.json'))('solc');
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(sources.map((name) => [name, { content: readFileSync(join(root, name), 'utf8') }])),
    settings: {
      ...settings,
      outputSelection: {
        '*': { '*': ['abi', 'evm.bytecode.object', 'evm.bytecode.linkReferences', 'evm.deployedBytecode.object', 'evm.deployedBytecode.immutableReferences'] },
      },
    },
  };
  const resolve = (name) => {
    // Own sources by their path in the repository, packages from the installation.
    const path = join(name.startsWith('@') ? modules : root, name);
    return existsSync(path) ? { contents: readFileSync(path, 'utf8') } : { error: `not found: ${name}` };
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: resolve }));
  const complaints = (output.errors ?? []).filter((complaint) => complaint.severity !== 'info');
  for (const complaint of complaints) console.error(complaint.formattedMessage);
  if (complaints.length > 0) throw new Error('the compiler complains; warnings count');
  return { compiler: solc.version(), contracts: output.contracts ?? {} };
}

function artifact(source, compiler, contracts) {
  // Interfaces and abstract contracts have no bytecode. A library counts only where it stands alone.
  const deployable = Object.entries(contracts).filter(([, contract]) => contract.evm.bytecode.object.length > 0 && contract.abi.length > 0);
  if (deployable.length === 0) return null;
  if (deployable.length > 1) throw new Error(`${source}: one deployable contract a file, not ${deployable.map(([name]) => name).join(', ')}`);
  const [name, contract] = deployable[0];
  if (Object.keys(contract.evm.bytecode.linkReferences).length > 0) throw new Error(`${source}: libraries must be internal, nothing links them`);
  // Where the constructor writes immutables into the deployed code: whoever compares code compares around them.
  const immutables = Object.values(contract.evm.deployedBytecode.immutableReferences)
    .flat()
    .map(({ start, length }) => ({ start, length }))
    .sort((a, b) => a.start - b.start);
  return {
    contractName: name,
    compiler,
    settings,
    abi: contract.abi,
    bytecode: '0x' + contract.evm.bytecode.object,
    deployedBytecode: '0x' + contract.evm.deployedBytecode.object,
    immutables,
  };
}

const check = process.argv.includes('--check');
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
install();
const all = ['src', 'tests'].flatMap((folder) => [...solidityFiles(join(root, folder))]);
const named = all.filter((source) => wanted.length === 0 || wanted.includes(basename(source, '.sol')));
if (named.length === 0) throw new Error(`no Solidity source${wanted.length ? ' named ' + wanted.join(', ') : ''}`);
const { compiler, contracts } = compile(named);
let different = 0;
for (const source of named) {
  const result = artifact(source, compiler, contracts[source] ?? {});
  const file = source.replace(/\.sol$/, '.json');
  const path = join(root, file);
  const text = result === null ? null : JSON.stringify(result, null, 2) + '\n';
  const committed = existsSync(path) ? readFileSync(path, 'utf8') : null;
  const size = result === null ? '' : ` (${(result.deployedBytecode.length - 2) / 2} bytes deployed)`;
  if (text === committed) {
    if (text !== null) console.log(`${file}: as committed${size}`);
  } else if (check) {
    console.error(`${file}: ${committed === null ? 'missing' : 'not what the source compiles to'}; run eng/contracts/compile.mjs`);
    different++;
  } else if (text === null) {
    throw new Error(`${file}: the source has no contract`);
  } else {
    writeFileSync(path, text);
    console.log(`${file}: written${size}`);
  }
}
process.exitCode = different > 0 ? 1 : 0;
