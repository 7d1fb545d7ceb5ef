#if KNOWN_BUGS
  import Migration

  /// Switches on each bug that the simulator must catch, and looks for the first seed that does.
  struct Canary {
    /// The most seeds that a bug may survive.
    private static let most: UInt64 = 10_000
    /// Bugs below the simulator: of lock files, of processes, and of reading entries.
    private static let elsewhere: [KnownBug] = [.lockRemovedByAge, .groupKill, .unknownEventIgnored]

    private let options: Options

    init(_ options: Options) { self.options = options }

    /// Prints a line for each bug; fails when one of them was not caught, or a run without any of them fails.
    func run() -> Int32 {
      var isMissed = false
      print("bug  caught by  seed  (commit \(options.commit))")
      KnownBug.active = nil
      for seed in options.first..<options.first + 200 {
        guard let text = Simulation(seed: seed).run().failure else { continue }
        print("none  \(text)  \(seed)")
        isMissed = true
      }
      for bug in KnownBug.allCases {
        if Canary.elsewhere.contains(bug) {
          print("\(bug.rawValue)  \(bug)  not in the simulator")
          continue
        }
        KnownBug.active = bug
        let seeds = options.first..<options.first + Canary.most
        var caught: (seed: UInt64, text: String)?
        for seed in seeds where caught == nil {
          if let text = Simulation(seed: seed).run().failure { caught = (seed, text) }
        }
        if let caught {
          print("\(bug.rawValue)  \(bug)  \(caught.text)  seed \(caught.seed)")
        } else {
          print("\(bug.rawValue)  \(bug)  MISSED in \(Canary.most) seeds")
          isMissed = true
        }
      }
      return isMissed ? 1 : 0
    }
  }
#endif
