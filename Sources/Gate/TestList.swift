import Migration

/// The tests of one verifier's run by name, as the ledger keeps them: what the next candidate is compared
/// with.
public struct TestList: Equatable, Sendable {
  /// The tests that ran and passed, in the order of their bytes; a name that ran twice is there twice.
  public var passed: [String]
  /// What failed and was let pass because the base fails the same (`known: allow`), as `GateFailure.key`.
  public var known: [String]

  /// A longer list is not kept: then only the numbers of tests are compared.
  public static let maximumBytes = 4 << 20

  /// Makes a list; names become single lines.
  public init(passed: [String], known: [String] = []) {
    self.passed = TestList.sorted(passed)
    self.known = TestList.sorted(known)
  }

  /// Reads a list; `nil` for what is none.
  public init?(bytes: [UInt8]) {
    (passed, known) = ([], [])
    for line in bytes.split(separator: 0x0A) {
      guard let text = String(validating: line.dropFirst(), as: UTF8.self) else { return nil }
      switch line.first {
      case UInt8(ascii: "+"): passed.append(text)
      case UInt8(ascii: "-"): known.append(text)
      default: return nil
      }
    }
  }

  /// Whether there is nothing in it.
  public var isEmpty: Bool { passed.isEmpty && known.isEmpty }

  /// A line for each name: `+` for a test that passed, `-` for a known failure.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    for (sign, names) in [(UInt8(ascii: "+"), passed), (UInt8(ascii: "-"), known)] {
      for name in names {
        bytes.append(sign)
        bytes += name.utf8
        bytes.append(0x0A)
      }
    }
    return bytes
  }

  private static func sorted(_ names: [String]) -> [String] {
    let lines = names.map { name in
      name.utf8.contains(where: { $0 < 0x20 })
        ? String(decoding: name.utf8.map { $0 < 0x20 ? 0x20 : $0 }, as: UTF8.self) : name
    }
    return lines.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

extension GateFailure {
  /// What tells this failure from others wherever its lines are: the test, or the file, with the beginning of
  /// what is wrong.
  public var key: String {
    let first = message.split(separator: "\n").first.map(String.init) ?? ""
    return test ?? [file, String(first.prefix(200))].compactMap(\.self).joined(separator: ": ")
  }
}
