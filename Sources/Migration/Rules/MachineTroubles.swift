import CanonicalJSON

/// A program that work needs and a machine has not got: nobody's fault in the step, and the same for every
/// other step that needs it.
public struct MissingProgram: Equatable, Sendable {
  /// Its name as it was called, or its path.
  public var program: String
  /// The first word of the command that called it, where the command does not name it itself.
  public var command: String?
  /// What was said, for people.
  public var reason: String

  /// Names one.
  public init(_ program: String, command: String? = nil, reason: String) {
    self.program = program
    self.command = command
    self.reason = reason
  }

  /// Whether a shell command needs it, as far as its text says so.
  func isNeeded(by text: String) -> Bool {
    let words = ShellText.words(text)
    if let command, words.first?.utf8.elementsEqual(command.utf8) == true { return true }
    return words.contains { $0.utf8.elementsEqual(program.utf8) }
  }
}

/// What a shell command is made of, as far as that can be told without a shell.
public enum ShellText {
  /// Its words, without quotes and operators. What a variable or a substitution brings is not known.
  public static func words(_ text: String) -> [String] {
    text.utf8.split { !isOfWord($0) }.map { String(decoding: $0, as: UTF8.self) }
  }

  private static func isOfWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "._+-/@".utf8.contains(byte) || byte >= 0x80
    }
  }
}

/// What machines have not got, by machine.
public struct MachineTroubles: Equatable, Sendable {
  /// One trouble of a machine.
  public struct Trouble: Equatable, Sendable {
    /// What is missing.
    public var missing: MissingProgram
    /// Since when that is known.
    public var since: Timestamp
    /// Who found out.
    public var by: String
  }

  private var list: [String: [Trouble]] = [:]

  /// How many a machine may have: beyond that nothing new is learned.
  package static let limit = 32

  /// No machine has any.
  public init() {}

  /// Whether no machine has any.
  public var isEmpty: Bool { list.isEmpty }

  /// The troubles of a machine, oldest first.
  public subscript(machine: String) -> [Trouble] { list[machine] ?? [] }

  /// The machines that have some, in their order.
  var machines: [String] { list.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

  mutating func add(_ trouble: Trouble, of machine: String) { list[machine, default: []].append(trouble) }

  mutating func remove(_ program: String, of machine: String) {
    list[machine]?.removeAll { $0.missing.program == program }
    if list[machine]?.isEmpty == true { list[machine] = nil }
  }
}

extension [MissingProgram] {
  /// Whether the gate of a plan needs one of them.
  func stop(gateOf plan: Plan) -> Bool {
    contains { missing in
      (plan.gate.verifiers + plan.ownVerifiers).contains { missing.isNeeded(by: $0.run) }
        || plan.gate.setup.map { missing.isNeeded(by: $0.run) } == true
    }
  }

  /// Whether the work on a step needs one of them.
  func stop(_ step: PlannedStep, of plan: Plan) -> Bool {
    guard let command = step.run ?? plan.agent(of: step)?.command else { return false }
    return contains { missing in
      missing.isNeeded(by: command) || plan.worktree.setup.map { missing.isNeeded(by: $0) } == true
    }
  }
}

/// The rules of machines that have not got what work needs.
extension Reducer {
  /// A trouble is of no migration: it holds for whatever the machine would do.
  mutating func apply(_ change: MachineChange) throws(Refusal) {
    guard event.migration == FormatVersion.everyMigration else {
      throw Refusal(.invalid, "a machine's trouble is of every migration, '\(FormatVersion.everyMigration)'")
    }
    switch change {
    case .troubled(let machine, let missing):
      guard !machine.isEmpty, !missing.program.isEmpty else {
        throw Refusal(.invalid, "the trouble of a machine names the machine and the program")
      }
      let known = state.troubles[machine]
      guard !known.contains(where: { $0.missing.program == missing.program }) else {
        throw Refusal(.limited, "it is known that the machine has not got '\(missing.program)'")
      }
      guard known.count < MachineTroubles.limit else {
        throw Refusal(.limited, "\(MachineTroubles.limit) programs are known to be missing there")
      }
      state.troubles.add(MachineTroubles.Trouble(missing: missing, since: at, by: event.by), of: machine)
    case .cleared(let machine, let program):
      guard state.troubles[machine].contains(where: { $0.missing.program == program }) else {
        throw Refusal(.wrongPhase, "it is not known that the machine has not got '\(program)'")
      }
      state.troubles.remove(program, of: machine)
    }
  }
}

extension MachineTroubles {
  /// As a checkpoint keeps them.
  var json: JSON {
    .object(machines.map { machine in JSON.Member(machine, .array(self[machine].map(\.json))) })
  }

  init(json: JSON) throws(JSONFault) {
    guard case .object(let members) = json else { throw JSONFault("the troubles of machines are no object") }
    for member in members {
      guard case .array(let items) = member.value else { throw JSONFault("a machine's troubles are no list") }
      for item in items { add(try Trouble(json: item), of: member.key) }
    }
  }
}

extension MachineTroubles.Trouble {
  var json: JSON {
    var object = ObjectBuilder()
    object.set("program", missing.program)
    object.set("command", missing.command)
    object.set("reason", missing.reason)
    object.set("since", since)
    object.set("by", by)
    return object.json
  }

  init(json: JSON) throws(JSONFault) {
    var reader = try ObjectReader(json, "the trouble of a machine")
    missing = MissingProgram(
      try reader.string("program"), command: try reader.optionalString("command"),
      reason: try reader.string("reason"))
    since = try reader.timestamp("since")
    by = try reader.string("by")
    try reader.end()
  }
}
