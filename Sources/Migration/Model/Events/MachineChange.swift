import CanonicalJSON

/// Something that is about a machine, whichever migration and step it showed in: of no migration.
public enum MachineChange: Equatable, Sendable {
  /// The machine has not got a program that work needs: what needs it does not begin there.
  case troubled(machine: String, MissingProgram)
  /// It has the program again.
  case cleared(machine: String, program: String)

  /// The version of the format from which on the troubles of machines are known.
  public static let version = 2

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable {
    case troubled = "machine.troubled"
    case cleared = "machine.cleared"
  }

  var kind: Kind {
    switch self {
    case .troubled: .troubled
    case .cleared: .cleared
    }
  }

  func write(to object: inout ObjectBuilder) {
    switch self {
    case .troubled(let machine, let missing):
      object.set("machine", machine)
      object.set("program", missing.program)
      object.set("command", missing.command)
      object.set("reason", missing.reason)
    case .cleared(let machine, let program):
      object.set("machine", machine)
      object.set("program", program)
    }
  }

  init(_ kind: Kind, from object: inout ObjectReader) throws(JSONFault) {
    let (machine, program) = (try object.string("machine"), try object.string("program"))
    switch kind {
    case .troubled:
      let command = try object.optionalString("command")
      self = .troubled(
        machine: machine,
        MissingProgram(program, command: command, reason: try object.string("reason")))
    case .cleared: self = .cleared(machine: machine, program: program)
    }
  }

  /// What is said of it to people.
  var words: String {
    switch self {
    case .troubled(_, let missing): "a machine cannot go on: \(missing.reason)"
    case .cleared(_, let program): "a machine has '\(program)' again"
    }
  }

  func mappingTexts(_ redact: (String) -> String) -> MachineChange {
    switch self {
    case .troubled(let machine, var missing):
      missing.reason = redact(missing.reason)
      return .troubled(machine: machine, missing)
    case .cleared: return self
    }
  }
}

extension Change {
  /// A machine has not got a program that work needs.
  public static func machineTroubled(_ machine: String, _ missing: MissingProgram) -> Change {
    .machine(.troubled(machine: machine, missing))
  }

  /// A machine has the program again.
  public static func machineCleared(_ machine: String, program: String) -> Change {
    .machine(.cleared(machine: machine, program: program))
  }
}
