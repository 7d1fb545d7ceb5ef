import Synchronization

/// Many seeds on all cores.
package struct Campaign {
  /// What came of it.
  package struct Report: Sendable {
    /// How many seeds were run.
    package var seeds = 0
    /// The seeds that broke a rule, in order.
    package var failures: [(seed: UInt64, violation: String)] = []
    /// How much happened in all of them.
    package var load = Load()
    /// Why so little happened that the run says nothing, or `nil`.
    package var shortage: String? {
      if load.entries < seeds * 20 { return "only \(load.entries) entries in \(seeds) seeds" }
      if load.faults < seeds * 3 { return "only \(load.faults) faults in \(seeds) seeds" }
      if load.trains < seeds / 2 || load.splits < seeds / 50 {
        return "only \(load.trains) trains in \(seeds) seeds, \(load.splits) of them split"
      }
      if load.joins < seeds / 50 { return "only \(load.joins) steps joined a train in \(seeds) seeds" }
      if load.rests < seeds / 20 { return "only \(load.rests) rests of agents in \(seeds) seeds" }
      if load.troubles < seeds / 20 { return "only \(load.troubles) programs missing in \(seeds) seeds" }
      if load.merges < seeds { return "only \(load.merges) merges in \(seeds) seeds" }
      return nil
    }
  }

  /// Runs seeds from `first` on, with so many at a time. Stops early after so many failures.
  package static func run(
    first: UInt64, count: Int, cores: Int, stopAfter failures: Int = 10
  ) async -> Report {
    let queue = Queue(first: first, count: count, patience: failures)
    return await withTaskGroup(of: Report.self) { group in
      for _ in 0..<max(1, cores) { group.addTask { work(queue) } }
      var report = Report()
      for await part in group {
        report.seeds += part.seeds
        report.failures += part.failures
        report.load += part.load
      }
      report.failures.sort { $0.seed < $1.seed }
      return report
    }
  }

  private static func work(_ queue: Queue) -> Report {
    var report = Report()
    while let seed = queue.next() {
      let outcome = Simulation.run(seed: seed)
      report.seeds += 1
      report.load += outcome.load
      if let violation = outcome.violation {
        queue.noteFailure()
        report.failures.append((seed, violation.description))
      }
    }
    return report
  }

  /// The seeds that are still to be run.
  private final class Queue: Sendable {
    private let first: UInt64
    private let count: Int
    private let patience: Int
    private let given = Atomic<Int>(0)
    private let failed = Atomic<Int>(0)

    init(first: UInt64, count: Int, patience: Int) {
      (self.first, self.count, self.patience) = (first, count, patience)
    }

    func next() -> UInt64? {
      guard failed.load(ordering: .relaxed) < patience else { return nil }
      let number = given.wrappingAdd(1, ordering: .relaxed).oldValue
      return number < count ? first &+ UInt64(number) : nil
    }

    func noteFailure() { failed.wrappingAdd(1, ordering: .relaxed) }
  }
}
