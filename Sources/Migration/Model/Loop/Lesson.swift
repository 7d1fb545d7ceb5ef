import CanonicalJSON

/// A sentence that workers are told because others have failed without it.
public struct Lesson: Equatable, Sendable {
  /// What it is called: `L3`.
  public var id: String
  /// The sentence.
  public var text: String
  /// The cause of failures that it is about, by its fingerprint.
  public var cause: String?
  /// Globs of the paths that it is about.
  public var paths: [String]

  /// How long the sentence may be, in bytes, how many globs it may have, and how many lessons there may be.
  static let (longest, mostPaths, most) = (2048, 20, 200)

  /// Makes a lesson.
  public init(id: String, text: String, cause: String? = nil, paths: [String] = []) {
    (self.id, self.text, self.cause, self.paths) = (id, text, cause, paths)
  }

  func write(to object: inout ObjectBuilder) {
    object.set("lesson", id)
    object.set("text", text)
    object.set("cause", cause)
    object.set("paths", paths)
  }

  init(from object: inout ObjectReader) throws(JSONFault) {
    self.init(
      id: try object.string("lesson"), text: try object.string("text"),
      cause: try object.optionalString("cause"), paths: try object.strings("paths"))
  }

  /// Why it cannot be written down, or `nil`.
  var fault: String? {
    if text.isEmpty || text.utf8.count > Self.longest { return "a lesson has 1 to \(Self.longest) bytes" }
    if paths.count > Self.mostPaths { return "a lesson is about at most \(Self.mostPaths) globs" }
    if let path = paths.first(where: { PathGlob($0) == nil }) { return "'\(path)' is no glob" }
    return nil
  }

  /// Whether a step's workers are to be told: it has failed for that cause, or is about such paths. What is
  /// about nothing in particular is told to all.
  public func isFor(_ step: PlannedStep, failedFor cause: String?) -> Bool {
    if self.cause == nil, paths.isEmpty { return true }
    if let own = self.cause, own == cause { return true }
    return paths.contains { pattern in
      guard let glob = PathGlob(pattern) else { return false }
      let stem = Lesson.literal(pattern)
      return (step.match["path"].map { [$0] } ?? []).contains(where: glob.matches)
        || step.paths.contains { path in
          let other = Lesson.literal(path)
          // Of two patterns it is enough that what they begin with does not part.
          return glob.matches(path) || (path != other && (stem.hasPrefix(other) || other.hasPrefix(stem)))
        }
    }
  }

  /// What a glob begins with, up to its first sign.
  private static func literal(_ glob: String) -> String {
    String(glob.prefix { !"*?[\\".contains($0) })
  }
}

/// The lessons of a ledger.
public struct Lessons: Equatable, Sendable {
  /// The lessons, oldest first.
  public private(set) var list: [Lesson] = []
  /// How many were ever written.
  private var numbers = 0

  /// Has none.
  public init() {}

  /// Whether nobody has ever written one.
  var isEmpty: Bool { numbers == 0 }

  /// What the next one is called.
  public var nextID: String { "L\(numbers + 1)" }

  /// The lesson of that name.
  public subscript(_ id: String) -> Lesson? { list.first { $0.id.lowercased() == id.lowercased() } }

  /// What the workers of a step are told.
  public func texts(for step: PlannedStep, failedFor cause: String?) -> [String] {
    list.filter { $0.isFor(step, failedFor: cause) }.map(\.text)
  }

  mutating func add(_ lesson: Lesson) {
    numbers += 1
    list.append(lesson)
  }

  mutating func remove(_ id: String) { list.removeAll { $0.id == id } }

  var json: JSON {
    var object = ObjectBuilder()
    object.set("numbers", numbers)
    object.set("list", .array(list.map(\.json)))
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "the lessons")
    numbers = try reader.counter("numbers")
    for item in try reader.array("list") { list.append(try Lesson(json: item)) }
    try reader.end()
  }
}
