/// Facts about an attempt that the entry of its end has from version 2 on, and that decide nothing: who did
/// it, and what was used. Money is in millionths of the currency, time in milliseconds.
public enum AttemptFacts {
  /// Their forms: all may be left out.
  static let forms: [MemberForm] =
    [.may("agent", .text), .may("agent_version", .text), .may("session", .text)] + .meter

  /// Their names.
  static let keys = Set(forms.map(\.name))

  /// Whether an entry of this kind has them.
  static func belong(to kind: Change.Kind) -> Bool {
    switch kind {
    case .claim(.failed), .claim(.submitted), .claim(.released): true
    case .migration, .refresh, .baseline, .claim, .gate, .merge, .step, .ledger, .reserved: false
    }
  }
}
