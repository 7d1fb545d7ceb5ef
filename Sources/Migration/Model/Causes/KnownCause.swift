import CanonicalJSON

/// A cause that attempts of a migration have failed for: what the ledger remembers of it.
public struct KnownCause: Equatable, Sendable {
  /// Its number in the migration, in the order in which causes came up: `F4`.
  public var number: Int
  /// Its fingerprint, as entries have it (`Fingerprint`).
  public var fingerprint: String
  /// What the plan's pattern calls it.
  public var name: String?
  /// What a person calls it.
  public var label: String?
  /// What failed first for it, in one line.
  public var words: String
  /// How many attempts failed for it.
  public var count = 1
  /// Whether people were told of a step that it blocks, since somebody let its steps try again.
  public var isTold = false

  /// What people call it by: `F4`.
  public var id: String { "F\(number)" }

  /// The number in what people call a cause by, or `nil`.
  public static func number(_ id: String) -> Int? {
    guard id.first == "F" || id.first == "f", let number = Int(id.dropFirst()), number > 0 else { return nil }
    return number
  }
}

/// The causes that attempts of a migration have failed for, in the order in which they came up.
public struct CauseBook: Equatable, Sendable {
  /// The causes.
  public private(set) var list: [KnownCause] = []
  /// How many came up in all.
  private var numbers = 0

  /// The version of the format from which on causes are recorded.
  static let version = 2
  /// How many are remembered; what no step has now and nobody has given a name goes first.
  static let most = 1000
  /// How long what is kept of a failure, and a label, may be.
  static let (longestWords, longestLabel) = (200, 120)

  /// Knows none.
  public init() {}

  /// Whether nothing has failed yet.
  var isEmpty: Bool { list.isEmpty }

  /// The cause of that fingerprint.
  public subscript(_ fingerprint: String) -> KnownCause? { list.first { $0.fingerprint == fingerprint } }

  /// The cause that people mean: by its number, its fingerprint or its label.
  public func named(_ name: String) -> KnownCause? {
    if let number = KnownCause.number(name), let found = list.first(where: { $0.number == number }) {
      return found
    }
    return self[name] ?? list.first { $0.label == name }
  }

  /// Takes a failure. `isOpen` says whether a step has a cause now.
  mutating func note(
    _ fingerprint: String, name: String?, _ failure: Failure, isOpen: (String) -> Bool
  ) {
    if let index = list.firstIndex(where: { $0.fingerprint == fingerprint }) {
      list[index].count = list[index].count.addingCapped(1)
      return
    }
    if list.count >= Self.most {
      let index = list.firstIndex { $0.label == nil && !isOpen($0.fingerprint) } ?? 0
      list.remove(at: index)
    }
    numbers += 1
    let words = PlainText.line(String(failure.headline.prefix(Self.longestWords)))
    list.append(KnownCause(number: numbers, fingerprint: fingerprint, name: name, words: words))
  }

  /// Gives a cause a name.
  mutating func label(_ fingerprint: String, _ label: String) {
    change(fingerprint) { $0.label = label }
  }

  /// Notes whether people were told of a cause.
  mutating func setTold(_ fingerprint: String, _ isTold: Bool) { change(fingerprint) { $0.isTold = isTold } }

  private mutating func change(_ fingerprint: String, _ body: (inout KnownCause) -> Void) {
    guard let index = list.firstIndex(where: { $0.fingerprint == fingerprint }) else { return }
    body(&list[index])
  }
}

extension CauseBook {
  var json: JSON {
    var object = ObjectBuilder()
    object.set("numbers", numbers)
    object.set("list", .array(list.map(\.json)))
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "the causes")
    numbers = try reader.counter("numbers")
    for item in try reader.array("list") { list.append(try KnownCause(json: item)) }
    try reader.end()
  }
}

extension KnownCause {
  var json: JSON {
    var object = ObjectBuilder()
    object.set("n", number)
    object.set("cause", fingerprint)
    object.set("name", name)
    object.set("label", label)
    object.set("words", words)
    object.set("count", count)
    object.set("told", isTold)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "a cause")
    number = try reader.counter("n")
    fingerprint = try reader.string("cause")
    name = try reader.optionalString("name")
    label = try reader.optionalString("label")
    words = try reader.string("words")
    count = try reader.counter("count")
    isTold = try reader.flag("told")
    try reader.end()
  }
}

extension Failure {
  /// What tells most of it: the first fault that was found or, of a program that just failed, how it ended.
  var telling: String {
    switch kind {
    case .worker, .timeout, .noChange, .setup, .expired, .cannot, .unmerged, .nested, .submodule, .filter,
      .gitFile, .conflict, .unusable, .left, .rejected:
      reason
    case .gate, .guardFinding: details.first ?? reason
    }
  }

  /// One line about it: what speaks, and what it found first.
  public var headline: String {
    let first = telling.split(whereSeparator: \.isNewline).first.map(String.init) ?? reason
    guard let verifier else { return first }
    return first.hasPrefix(verifier + ": ") ? first : "\(verifier): \(first)"
  }

  /// The verifier that speaks, which a gate puts in front of its reason.
  var verifier: String? {
    guard kind == .gate, let colon = reason.firstRange(of: ": ") else { return nil }
    return String(reason[..<colon.lowerBound])
  }
}
