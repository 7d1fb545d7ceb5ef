import CanonicalJSON

/// Steps that are done before all others, so that somebody can look at them.
public struct SampleDraw: Equatable, Sendable {
  /// Which sample it is: 1 for the first.
  public var round: Int
  /// The steps that were drawn.
  public var steps: [String]
  /// What they were drawn with: the same number draws the same of the same steps.
  public var seed: Int

  /// How many steps a sample may have.
  public static let most = 200

  /// Makes a sample.
  public init(round: Int, steps: [String], seed: Int) {
    (self.round, self.steps, self.seed) = (round, steps, seed)
  }

  func write(to object: inout ObjectBuilder) {
    object.set("round", round)
    object.set("steps", steps)
    object.set("seed", seed)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(
      round: try object.counter("round"), steps: try object.strings("steps"),
      seed: try object.counter("seed"))
  }
}

extension SampleDraw {
  /// Draws `count` of the steps that can be begun or will be, spread over the folders that they are about
  /// and, within a folder, over their sizes. `size` says how large a step is; any measure will do.
  public static func draw(
    _ count: Int, of migration: MigrationState, seed: Int, size: (PlannedStep) -> Int = { _ in 0 }
  ) -> [String] {
    var chance = Draw(seed: UInt64(truncatingIfNeeded: seed))
    var folders: [String: [(id: String, size: Int)]] = [:]
    for index in migration.steps.indices.dropLast(migration.keptCount) {
      switch migration.steps[index].phase {
      case .ready: break
      case .waiting, .leased, .submitted, .gating, .merging, .merged, .backoff, .blocked, .person, .proposed,
        .skipped,
        .cancelled, .undone:
        continue
      }
      let planned = migration.plan.steps[index]
      folders[planned.folder, default: []].append((planned.id, size(planned)))
    }
    var queues = folders.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { folder in
      spread(folders[folder] ?? [], &chance)
    }
    chance.shuffle(&queues)
    var found: [String] = []
    while found.count < count, !queues.isEmpty {
      for index in queues.indices where found.count < count {
        if let next = queues[index].popLast() { found.append(next) }
      }
      queues.removeAll(where: \.isEmpty)
    }
    return found
  }

  /// The steps of a folder such that those that are taken first, from the end, are of sizes far apart.
  private static func spread(_ steps: [(id: String, size: Int)], _ chance: inout Draw) -> [String] {
    var mixed = steps
    chance.shuffle(&mixed)
    let sorted = mixed.enumerated().sorted {
      ($0.element.size, $0.offset) < ($1.element.size, $1.offset)
    }.map(\.element.id)
    // The middle, then the middles of the halves, and so on.
    var (order, ranges): ([String], [Range<Int>]) = ([], [0..<sorted.count])
    while !ranges.isEmpty {
      let range = ranges.removeFirst()
      guard !range.isEmpty else { continue }
      let middle = range.lowerBound + range.count / 2
      order.append(sorted[middle])
      ranges += [range.lowerBound..<middle, (middle + 1)..<range.upperBound]
    }
    return order.reversed()
  }

  /// A row of numbers that is the same everywhere.
  private struct Draw {
    private var state: UInt64

    init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
      state = state &+ 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }

    mutating func shuffle<Item>(_ items: inout [Item]) {
      guard items.count > 1 else { return }
      for index in (1..<items.count).reversed() {
        items.swapAt(index, Int(next() % UInt64(index + 1)))
      }
    }
  }
}

extension PlannedStep {
  /// The folder that a step is about, as far as its paths tell; empty for the top.
  public var folder: String {
    let path = match["path"] ?? paths.first ?? match["line"] ?? ""
    let literal = path.prefix { !"*?[".contains($0) }
    guard let slash = literal.lastIndex(of: "/") else { return "" }
    return String(literal[..<slash])
  }
}
