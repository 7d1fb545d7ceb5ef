#if KNOWN_BUGS
  import Migration

  /// Switches on each bug that the simulator must catch, and looks for the first seed that does.
  package enum Canary {
    /// The most seeds that a bug may survive.
    private static let most: UInt64 = 10_000
    /// How many seeds without any bug must pass.
    private static let clean: UInt64 = 200
    /// Bugs below the simulator, of lock files, processes, slots, pipes and the reading and writing of
    /// entries, and of what only an hour without faults shows: a test catches each.
    private static let elsewhere: [KnownBug] = [
      .lockRemovedByAge, .groupKill, .unknownEventIgnored, .namesWrittenAsBytes, .leftLockNotNamed,
      .foreignCommitSpins, .slotNotSetAside, .gateSlotNotSetAside, .pipesOpened,
    ]

    /// Gives a line for each bug, or for those named, to `report`; false when one of them was not caught, or
    /// a seed without any of them fails.
    package static func run(
      from first: UInt64, of names: [String] = [], report: (String) -> Void
    ) -> Bool {
      var isGood = true
      KnownBug.active = nil
      if let caught = firstFailure(first..<first + clean) {
        report("none\t\(caught.violation)\tseed \(caught.seed)\t")
        isGood = false
      }
      for bug in KnownBug.allCases
      where names.isEmpty ? !elsewhere.contains(bug) : names.contains(bug.rawValue) {
        KnownBug.active = bug
        if let caught = firstFailure(first..<first + most) {
          report("\(bug.rawValue)\t\(bug)\trule \(caught.violation.rule)\tseed \(caught.seed)")
        } else {
          report("\(bug.rawValue)\t\(bug)\tMISSED\tin \(most) seeds")
          isGood = false
        }
      }
      KnownBug.active = nil
      return isGood
    }

    private static func firstFailure(_ seeds: Range<UInt64>) -> (seed: UInt64, violation: Violation)? {
      for seed in seeds {
        if let violation = Simulation.run(seed: seed).violation { return (seed, violation) }
      }
      return nil
    }
  }
#endif
