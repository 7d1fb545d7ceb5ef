/// A regular expression that is matched in time that is bounded by its length and the text's, whatever it
/// says: a plan is read by machines that nobody watches. Alternatives and repetitions go on side by side, so
/// that nothing is ever tried again.
///
/// It knows `.`, `[…]`, `\d \w \s \b` and their opposites, groups, `(?:…)`, `|`, `* + ? {m,n}` with a `?`
/// behind them, `^` and `$` of a line, and `(?i)` at its beginning.
public struct TextPattern: Equatable, Sendable {
  /// What it is written as.
  public let text: String
  private let program: [Instruction]
  /// How many groups it has.
  public let groups: Int
  private let ignoresCase: Bool

  /// How long a pattern may be, in bytes, and its program, in instructions.
  static let (longest, largest) = (512, 400)

  /// Why a pattern cannot be read.
  public struct Fault: Error, Equatable, Sendable {
    /// What is wrong with it.
    public let reason: String
  }

  /// Reads a pattern.
  public init(_ text: String) throws(Fault) {
    self.text = text
    guard text.utf8.count <= Self.longest else {
      throw Fault(reason: "is longer than \(Self.longest) bytes")
    }
    var body = text[...]
    ignoresCase = body.hasPrefix("(?i)")
    if ignoresCase { body = body.dropFirst(4) }
    var parser = PatternParser(body)
    let node = try parser.whole()
    groups = parser.groups
    var program: [Instruction] = [.save(0)]
    try Self.compile(node, &program)
    self.program = program + [.save(1), .match]
  }

  indirect enum Node: Equatable, Sendable {
    case empty
    case one(Set)
    case assertion(Assertion)
    case group(Int?, Node)
    case sequence([Node])
    case either(Node, Node)
    case repeated(Node, least: Int, most: Int?, isLazy: Bool)
  }

  enum Assertion: Equatable, Sendable { case lineStart, lineEnd, boundary, noBoundary }

  /// Scalars of which one is wanted.
  struct Set: Equatable, Sendable {
    var ranges: [ClosedRange<UInt32>]
    var isNegated = false

    func has(_ scalar: UInt32) -> Bool { ranges.contains { $0.contains(scalar) } != isNegated }
  }

  private enum Instruction: Equatable, Sendable {
    case one(Set)
    case assertion(Assertion)
    case save(Int)
    case jump(Int)
    /// Goes on at both; the first is preferred.
    case split(Int, Int)
    case match
  }

  private static func compile(_ node: Node, _ program: inout [Instruction]) throws(Fault) {
    guard program.count < largest else { throw Fault(reason: "asks for too much") }
    switch node {
    case .empty: return
    case .one(let set): program.append(.one(set))
    case .assertion(let assertion): program.append(.assertion(assertion))
    case .group(let number, let inner):
      if let number { program.append(.save(2 * number)) }
      try compile(inner, &program)
      if let number { program.append(.save(2 * number + 1)) }
    case .sequence(let nodes): for node in nodes { try compile(node, &program) }
    case .either(let left, let right):
      let split = program.count
      program.append(.match)
      try compile(left, &program)
      let jump = program.count
      program.append(.match)
      program[split] = .split(split + 1, program.count)
      try compile(right, &program)
      program[jump] = .jump(program.count)
    case .repeated(let inner, let least, let most, let isLazy):
      for _ in 0..<least { try compile(inner, &program) }
      func fork(_ at: Int, _ end: Int) -> Instruction { isLazy ? .split(end, at + 1) : .split(at + 1, end) }
      guard let most else {
        let split = program.count
        program.append(.match)
        try compile(inner, &program)
        program.append(.jump(split))
        program[split] = fork(split, program.count)
        return
      }
      var splits: [Int] = []
      for _ in least..<max(least, most) {
        splits.append(program.count)
        program.append(.match)
        try compile(inner, &program)
      }
      for split in splits { program[split] = fork(split, program.count) }
    }
    guard program.count <= largest else { throw Fault(reason: "asks for too much") }
  }

  // MARK: Matching

  /// What the pattern and its groups match where it first does; `nil` where it does not, or not before
  /// `budget` steps are spent, which are taken off it.
  public func firstMatch(in text: String, budget: inout Int) -> [String]? {
    let scalars = text.unicodeScalars.map(\.value)
    var run = Run(program: program, slots: 2 * (groups + 1), text: scalars, ignoresCase: ignoresCase)
    guard let found = run.first(&budget) else { return nil }
    let shown = Array(text.unicodeScalars)
    return (0...groups).map { group in
      let (start, end) = (found[2 * group], found[2 * group + 1])
      guard start >= 0, end >= start else { return "" }
      var part = ""
      part.unicodeScalars.append(contentsOf: shown[start..<end])
      return part
    }
  }

  /// The places of the program at which a match goes on, side by side.
  private struct Run {
    let program: [Instruction]
    let text: [UInt32]
    private let none: [Int]
    private var marks: [Int]
    private var round = 0
    private let ignoresCase: Bool

    init(program: [Instruction], slots: Int, text: [UInt32], ignoresCase: Bool) {
      (self.program, self.text, self.ignoresCase) = (program, text, ignoresCase)
      none = [Int](repeating: -1, count: slots)
      marks = [Int](repeating: -1, count: program.count)
    }

    private struct Thread {
      var place: Int
      var saved: [Int]
    }

    mutating func first(_ budget: inout Int) -> [Int]? {
      var (threads, best): ([Thread], [Int]?) = ([], nil)
      for position in 0...text.count {
        // What begins further behind is not wanted once something matches.
        if best == nil { add(Thread(place: 0, saved: none), position, isNew: threads.isEmpty, &threads) }
        var next: [Thread] = []
        round += 1
        for thread in threads {
          budget -= 1
          if budget <= 0 { return nil }
          if case .match = program[thread.place] {
            best = thread.saved
            break
          }
          guard case .one(let set) = program[thread.place], position < text.count, isOf(set, text[position])
          else { continue }
          follow(Thread(place: thread.place + 1, saved: thread.saved), position + 1, &next)
        }
        threads = next
        if threads.isEmpty, best != nil { break }
      }
      return best
    }

    private mutating func add(_ thread: Thread, _ position: Int, isNew: Bool, _ threads: inout [Thread]) {
      if isNew { round += 1 }
      follow(thread, position, &threads)
    }

    /// Goes on from a place until a scalar is wanted; by a list of its own, so that no pattern is too deep.
    private mutating func follow(_ thread: Thread, _ position: Int, _ threads: inout [Thread]) {
      var open = [thread]
      while var thread = open.popLast() {
        if marks[thread.place] == round { continue }
        marks[thread.place] = round
        switch program[thread.place] {
        case .jump(let place): open.append(Thread(place: place, saved: thread.saved))
        case .split(let first, let second):
          open.append(Thread(place: second, saved: thread.saved))
          open.append(Thread(place: first, saved: thread.saved))
        case .save(let slot):
          if slot < thread.saved.count { thread.saved[slot] = position }
          open.append(Thread(place: thread.place + 1, saved: thread.saved))
        case .assertion(let assertion):
          guard holds(assertion, position) else { continue }
          open.append(Thread(place: thread.place + 1, saved: thread.saved))
        case .one, .match: threads.append(thread)
        }
      }
    }

    private func isOf(_ set: Set, _ scalar: UInt32) -> Bool {
      guard ignoresCase, (0x41...0x5A).contains(scalar & ~0x20) else { return set.has(scalar) }
      let (lower, upper) = (set.has(scalar | 0x20), set.has(scalar & ~0x20))
      return set.isNegated ? lower && upper : lower || upper
    }

    private func holds(_ assertion: Assertion, _ position: Int) -> Bool {
      switch assertion {
      case .lineStart: position == 0 || text[position - 1] == 0x0A
      case .lineEnd: position == text.count || text[position] == 0x0A
      case .boundary: isWord(position - 1) != isWord(position)
      case .noBoundary: isWord(position - 1) == isWord(position)
      }
    }

    private func isWord(_ position: Int) -> Bool {
      text.indices.contains(position) && PatternParser.word.has(text[position])
    }
  }
}
