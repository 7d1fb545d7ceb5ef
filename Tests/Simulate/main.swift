import Glibc
import Simulation

/// What was asked for on the command line.
struct Options {
  var seed: UInt64?
  var seeds = 1000
  var first: UInt64 = 1
  var cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  var commit = "unknown"
  var isCanary = false
  /// The known bugs that are looked for; all when none is named.
  var bugs: [String] = []

  init(_ arguments: [String]) {
    var rest = arguments.dropFirst()
    while let name = rest.popFirst() {
      if name == "--canary" {
        isCanary = true
        continue
      }
      guard let value = rest.popFirst() else { Options.usage() }
      switch name {
      case "--seed": seed = Options.number(value)
      case "--seeds": seeds = Int(Options.number(value))
      case "--first": first = Options.number(value)
      case "--cores": cores = Int(Options.number(value))
      case "--commit": commit = value
      case "--bug": bugs.append(value)
      default: Options.usage()
      }
    }
  }

  private static func number(_ text: String) -> UInt64 {
    guard let number = UInt64(text) else { usage() }
    return number
  }

  private static func usage() -> Never {
    print("usage: git-migrate-simulate [--seed S | --seeds N [--first S]] [--cores N] [--commit C]")
    print("   or: git-migrate-simulate --canary [--bug B]... [--first S]")
    exit(129)
  }
}

let options = Options(CommandLine.arguments)
if let seed = options.seed {
  let outcome = Simulation.run(seed: seed) { print($0) }
  print(outcome.violation.map { "seed \(seed): \($0)" } ?? "seed \(seed): no rule was broken")
  exit(outcome.violation == nil ? 0 : 1)
}

if options.isCanary {
  #if KNOWN_BUGS
    exit(Canary.run(from: options.first, of: options.bugs) { print($0) } ? 0 : 1)
  #else
    print("git-migrate-simulate was built without the known bugs; run 'make canary'")
    exit(129)
  #endif
}

let begin = ContinuousClock.now
let report = await Campaign.run(first: options.first, count: options.seeds, cores: options.cores)
let taken = ContinuousClock.now - begin
let seconds = Double(taken.components.seconds) + Double(taken.components.attoseconds) / 1e18
let rate = Int(Double(report.seeds) / seconds / Double(options.cores))
print(
  "\(report.seeds) seeds in \(Int(seconds * 10) / 10) s: \(rate) seeds/s on each of \(options.cores) cores; "
    + "\(report.load.entries) entries, \(report.load.rounds) rounds, \(report.load.faults) faults, "
    + "\(report.load.merges) merges, \(report.load.trains) trains (\(report.load.splits) split), "
    + "\(report.load.reused) verdicts reused")
for failure in report.failures {
  print("FAILED \(failure.violation)")
  print("  git-migrate-simulate --seed \(failure.seed) --commit \(options.commit)")
}
if !report.failures.isEmpty { exit(1) }
if let shortage = report.shortage {
  print("VOID: \(shortage)")
  exit(125)
}
