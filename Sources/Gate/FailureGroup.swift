/// Failures that say the same: told once, with the names of all.
public struct FailureGroup: Equatable, Sendable {
  /// The first of them in the output.
  public var first: GateFailure
  /// The names, or for diagnostics the places, of the others, in the order of the output.
  public var others: [String]

  /// How many there are.
  public var count: Int { others.count + 1 }

  /// For people and prompts: the first, then the number and the names of the others.
  public var text: String {
    if others.isEmpty { return first.text }
    return first.text + "\n    and \(others.count) more like it: " + others.joined(separator: ", ")
  }

  /// Groups failures, in the order of the first of each. Three or more that say the same are a group; where
  /// there are more than `manyFailures`, numbers do not part them either.
  public static func groups(_ failures: [GateFailure]) -> [FailureGroup] {
    let isMany = failures.count > manyFailures
    var counts: [String: Int] = [:]
    let keys = failures.map { isMany ? plain($0.message) : $0.message }
    for key in keys { counts[key, default: 0] += 1 }
    var groups: [FailureGroup] = []
    var indexes: [String: Int] = [:]
    for (failure, key) in zip(failures, keys) {
      if (counts[key] ?? 0) >= 3, let index = indexes[key] {
        groups[index].others.append(failure.name)
      } else {
        indexes[key] = groups.count
        groups.append(FailureGroup(first: failure, others: []))
      }
    }
    return groups
  }

  /// From here on numbers in messages are taken for one another.
  public static let manyFailures = 50

  /// A message with each number as `#`.
  private static func plain(_ message: String) -> String {
    var (result, isNumber) = ([UInt8](), false)
    for byte in message.utf8 {
      let isDigit = byte >= 0x30 && byte <= 0x39
      if isDigit, isNumber { continue }
      result.append(isDigit ? UInt8(ascii: "#") : byte)
      isNumber = isDigit
    }
    return String(decoding: result, as: UTF8.self)
  }
}

extension GateFailure {
  /// The test with its place, or the place, or the message's first line.
  fileprivate var name: String {
    let place = file.map { name in line.map { "\(name):\($0)" } ?? name }
    switch (test, place) {
    case (let test?, let place?): return test.hasPrefix(place) ? test : "\(test) (\(place))"
    case (let one?, nil), (nil, let one?): return one
    case (nil, nil): return String(message.split(separator: "\n").first ?? "")
    }
  }
}
