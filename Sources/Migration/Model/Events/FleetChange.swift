import CanonicalJSON

/// What becomes of a fleet as a whole: of no migration, for it is of many.
public enum FleetChange: Equatable, Sendable {
  /// Work may begin in this wave's targets and those before; one that was stopped goes on.
  case waveOpened(fleet: String, wave: Int)
  /// Nothing more begins in it.
  case waveStopped(fleet: String, wave: Int, reason: String)

  /// The version of the format from which on these are known.
  public static let version = 2

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable {
    case waveOpened = "wave.opened"
    case waveStopped = "wave.stopped"
  }

  var kind: Kind {
    switch self {
    case .waveOpened: .waveOpened
    case .waveStopped: .waveStopped
    }
  }

  /// The fleet that it is about.
  public var fleet: String {
    switch self {
    case .waveOpened(let fleet, _), .waveStopped(let fleet, _, _): fleet
    }
  }

  func write(to object: inout ObjectBuilder) {
    object.set("fleet", fleet)
    switch self {
    case .waveOpened(_, let wave): object.set("wave", wave)
    case .waveStopped(_, let wave, let reason):
      object.set("wave", wave)
      object.set("reason", reason)
    }
  }

  init(_ kind: Kind, from object: inout ObjectReader) throws(JSONFault) {
    let (fleet, wave) = (try object.string("fleet"), try object.counter("wave"))
    switch kind {
    case .waveOpened: self = .waveOpened(fleet: fleet, wave: wave)
    case .waveStopped:
      self = .waveStopped(fleet: fleet, wave: wave, reason: try object.string("reason"))
    }
  }

  /// What is said of it to people.
  func words(by author: String) -> String {
    switch self {
    case .waveOpened(let fleet, let wave): "\(fleet) wave \(wave) opened by \(author)"
    case .waveStopped(let fleet, let wave, let reason): "\(fleet) wave \(wave) stopped: \(reason)"
    }
  }

  func mappingTexts(_ redact: (String) -> String) -> FleetChange {
    switch self {
    case .waveOpened: self
    case .waveStopped(let fleet, let wave, let reason):
      .waveStopped(fleet: fleet, wave: wave, reason: redact(reason))
    }
  }
}
