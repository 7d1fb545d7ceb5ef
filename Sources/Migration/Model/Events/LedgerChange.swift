import CanonicalJSON

/// Something that is about the ledger itself, and of no migration.
public enum LedgerChange: Equatable, Sendable {
  /// From here on it is written in this version of the format.
  case upgraded(to: Int)

  /// The kinds, as the ledger writes them.
  public enum Kind: String, CaseIterable, Sendable {
    case upgraded = "ledger.upgraded"
  }

  var kind: Kind {
    switch self {
    case .upgraded: .upgraded
    }
  }

  func write(to object: inout ObjectBuilder) {
    switch self {
    case .upgraded(let version): object.set("to", version)
    }
  }

  init(_ kind: Kind, from object: inout ObjectReader) throws(JSONFault) {
    switch kind {
    case .upgraded: self = .upgraded(to: try object.counter("to"))
    }
  }

  /// What is said of it to people.
  var words: String {
    switch self {
    case .upgraded(let version): "ledger upgraded to version \(version) of the format"
    }
  }
}

extension Change {
  /// From here on the ledger is written in this version of the format.
  public static func ledgerUpgraded(version: Int) -> Change { .ledger(.upgraded(to: version)) }
}
