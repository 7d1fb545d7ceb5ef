import Glibc

/// Many seeds on several cores.
struct Campaign {
  /// What a share of the seeds came to.
  struct Sum: Sendable {
    var seeds = 0
    var entries = 0
    var faults = 0
    var refusals = 0
    var lostSwaps = 0
    var failures: [(seed: UInt64, text: String)] = []
  }

  private let options: Options

  init(_ options: Options) { self.options = options }

  /// Runs them all; gives the exit code.
  func run() async -> Int32 {
    let began = seconds()
    let sum = await all()
    let took = max(0.001, seconds() - began)
    for failure in sum.failures.prefix(10) {
      print("seed \(failure.seed): \(failure.text)")
      print("  repeat: git-migrate-simulate --seed \(failure.seed) --commit \(options.commit)")
    }
    let speed = Int(Double(sum.seeds) / took / Double(options.jobs))
    print(
      "\(sum.seeds) seeds, \(sum.failures.count) failed; \(sum.entries) entries, \(sum.faults) faults, "
        + "\(sum.lostSwaps) lost races, \(sum.refusals) refusals; \(speed) seeds/s and core, commit "
        + options.commit)
    if !sum.failures.isEmpty { return 1 }
    // A run that met next to nothing proves nothing.
    if options.count > 1, sum.entries < 100 * sum.seeds || sum.faults < 10 * sum.seeds {
      print("void: too little happened")
      return 3
    }
    return 0
  }

  private func all() async -> Sum {
    let (options, jobs) = (options, UInt64(options.jobs))
    return await withTaskGroup(of: Sum.self) { group in
      for share in 0..<jobs {
        group.addTask {
          var sum = Sum()
          var seed = options.first + share
          while seed < options.first + UInt64(options.count) {
            let simulation = Simulation(seed: seed)
            sum.add(simulation.run())
            if options.isVerbose { for line in simulation.story(last: 40) { print(line) } }
            seed += jobs
          }
          return sum
        }
      }
      var sum = Sum()
      for await part in group { sum.add(part) }
      return sum
    }
  }

  private func seconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

extension Campaign.Sum {
  mutating func add(_ outcome: Simulation.Outcome) {
    seeds += 1
    entries += outcome.entries
    faults += outcome.faults
    refusals += outcome.refusals
    lostSwaps += outcome.lostSwaps
    if let text = outcome.failure { failures.append((outcome.seed, text)) }
  }

  mutating func add(_ other: Campaign.Sum) {
    seeds += other.seeds
    entries += other.entries
    faults += other.faults
    refusals += other.refusals
    lostSwaps += other.lostSwaps
    failures = (failures + other.failures).sorted { $0.seed < $1.seed }
  }
}
