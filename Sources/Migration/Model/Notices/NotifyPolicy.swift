import CanonicalJSON

/// How people are told, and when: the key `notify` of a plan, where it is a map.
public struct NotifyPolicy: Equatable, Sendable {
  /// Through what, in the order of `NotifyChannel.Kind`; each kind once at most.
  public var channels: [NotifyChannel] = []
  /// For how long what comes after a message is gathered before the next one, in seconds.
  public var digestSeconds = 0
  /// After how many seconds what still waits for a person is told again; `nil` is never.
  public var againSeconds: Int?
  /// Whether each owner of files is told of their steps alone.
  public var isByOwner = false
  /// When only what is urgent is told; `nil` is never.
  public var quiet: QuietHours?

  /// A policy without a channel.
  public init() {}

  /// How long things may be gathered, and when they may be told again, in seconds.
  public static let (digests, repeats) = (0...86_400, 300...(30 * 86_400))

  /// Whether anything of that weight is told to anybody.
  func tells(_ severity: Severity) -> Bool { channels.contains { $0.least <= severity } }
}

/// One way to people.
public struct NotifyChannel: Equatable, Sendable {
  /// What it is.
  public enum Kind: String, CaseIterable, Sendable {
    /// A shell command, which gets the text on standard input.
    case command
    /// An address that takes what Slack's incoming webhooks take.
    case webhook
    /// A mail, by the machine's `sendmail`.
    case mail
    /// A note on the desktop of who runs, by `notify-send`.
    case desktop
  }

  /// What it is.
  public var kind: Kind
  /// The command, the address, or the recipients with commas between; empty for a desktop. An address of the
  /// form `$NAME` stands in the environment of who sends.
  public var target: String
  /// The least weight that it tells.
  public var least: Severity

  /// Makes one.
  public init(_ kind: Kind, _ target: String = "", least: Severity = .info) {
    (self.kind, self.target, self.least) = (kind, target, least)
  }

  /// The longest target, in bytes.
  public static let longestTarget = 4096

  /// What is wrong with a target of that kind, or `nil`.
  public static func fault(_ kind: Kind, _ target: String) -> String? {
    if target.utf8.count > longestTarget { return "is longer than \(longestTarget) bytes" }
    switch kind {
    case .command: return target.isEmpty ? "is empty" : nil
    case .desktop: return target.isEmpty ? nil : "needs no address"
    case .webhook:
      if target.hasPrefix("$") { return VariableName.isWritten(target) ? nil : "is no name of a variable" }
      let isAddress = target.hasPrefix("https://") || target.hasPrefix("http://")
      let isClean = target.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
      return isAddress && isClean ? nil : "is neither an address (https://…) nor a variable ($NAME)"
    case .mail:
      let all = target.split(separator: ",", omittingEmptySubsequences: false)
      return all.allSatisfy { isMailbox($0.drop { $0 == " " }) } ? nil : "is no address of a mailbox"
    }
  }

  /// Whether it is `name@host`, and nothing that a head of a mail could take for something else.
  static func isMailbox(_ text: Substring) -> Bool {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, !text.hasPrefix("-") else { return false }
    return text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !#"<>()[],;:\""#.utf8.contains($0) }
  }
}

extension VariableName {
  /// Whether a text is `$NAME`.
  static func isWritten(_ text: String) -> Bool {
    text.hasPrefix("$") && VariableName.fault(String(text.dropFirst())) == nil
  }
}

/// How much something weighs that people are told.
public enum Severity: String, CaseIterable, Comparable, Sendable {
  /// It is good to know.
  case info
  /// Somebody has to do something; the rest goes on.
  case warning
  /// Nothing goes on.
  case urgent

  /// Whether one weighs less than the other.
  public static func < (one: Severity, other: Severity) -> Bool { one.rank < other.rank }

  private var rank: Int {
    switch self {
    case .info: 0
    case .warning: 1
    case .urgent: 2
    }
  }
}

/// A part of the day, where people live; over midnight where it begins later than it ends.
public struct QuietHours: Equatable, Sendable {
  /// The minutes of the day from and before which.
  public var (start, end): (Int, Int)

  /// Makes one; the two differ.
  public init(start: Int, end: Int) { (self.start, self.end) = (start, end) }

  /// Whether a moment lies in it.
  public func contains(_ moment: WeekMoment) -> Bool {
    let minute = moment.secondOfDay / 60
    return start < end ? (start..<end).contains(minute) : minute >= start || minute < end
  }
}

extension NotifyPolicy {
  var json: JSON {
    var object = ObjectBuilder()
    object.set(
      "channels",
      .array(
        channels.map { .array([.string($0.kind.rawValue), .string($0.target), .string($0.least.rawValue)]) }))
    if digestSeconds > 0 { object.set("digest", digestSeconds) }
    object.set("again", againSeconds)
    if isByOwner { object.set("by", "owner") }
    if let quiet {
      object.set("quiet", .array([.integer(Int64(quiet.start)), .integer(Int64(quiet.end))]))
    }
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "'notify'")
    self.init()
    for item in try reader.array("channels") { channels.append(try NotifyChannel(json: item)) }
    digestSeconds = try reader.optionalInteger("digest") ?? 0
    againSeconds = try reader.optionalInteger("again")
    isByOwner = try reader.mark("by", "owner")
    if let value = reader.optional("quiet") { quiet = try QuietHours(json: value) }
    guard Self.digests.contains(digestSeconds), againSeconds.map(Self.repeats.contains) ?? true,
      Set(channels.map(\.kind)).count == channels.count
    else { throw JSONFault("'notify' of the plan is damaged") }
    try reader.end()
  }
}

extension NotifyChannel {
  init(json: JSON) throws(JSONFault) {
    guard case .array(let items) = json, items.count == 3, case .string(let kind) = items[0],
      case .string(let target) = items[1], case .string(let least) = items[2],
      let kind = Kind(rawValue: kind), let least = Severity(rawValue: least),
      Self.fault(kind, target) == nil
    else { throw JSONFault("a channel of 'notify' is damaged") }
    self.init(kind, target, least: least)
  }
}

extension QuietHours {
  init(json: JSON) throws(JSONFault) {
    guard case .array(let items) = json, items.count == 2, case .integer(let start) = items[0],
      case .integer(let end) = items[1], start != end, (0...1440).contains(start), (0...1440).contains(end)
    else { throw JSONFault("'quiet' holds two minutes of a day") }
    self.init(start: Int(start), end: Int(end))
  }
}
