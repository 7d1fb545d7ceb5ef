/// The values that a test may compare with: its own, and those that it shares with others, which are held
/// once for all of them.
struct KnownValues {
  var own: Set<String>
  var shared: [Set<String>] = []

  /// Whether a value is named, a number as a part of a date, too.
  func contains(_ value: String) -> Bool {
    if names(value) { return true }
    // `datetime!(2024-05-01 6:00)`
    if value.utf8.count == 1, value.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), names("0" + value) {
      return true
    }
    return value.utf8.count <= 4 && value.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
      && names(FactReader.partMark + value)
  }

  /// Whether a value is named by itself.
  func names(_ value: String) -> Bool { own.contains(value) || shared.contains { $0.contains(value) } }

  func contains(where condition: (String) -> Bool) -> Bool {
    own.contains(where: condition) || shared.contains { $0.contains(where: condition) }
  }
}

/// Texts that are looked up by a part of them, or by what they are a part of.
struct PartIndex {
  private var all: Set<String> = []
  /// The texts by every four bytes of theirs that follow each other.
  private var texts: [UInt32: [String]] = [:]

  /// The shortest part that is looked for, in bytes.
  static let leastLength = 4
  private static let mostLength = 64

  mutating func insert(_ text: String) {
    guard all.insert(text).inserted else { return }
    for gram in Set(PartIndex.grams(text)) { texts[gram, default: []].append(text) }
  }

  /// The texts that have `part` in them: looked for where its rarest bytes are.
  func holding(_ part: String) -> [String] {
    let places = PartIndex.grams(part).map { texts[$0] ?? [] }
    guard let fewest = places.min(by: { $0.count < $1.count }) else { return [] }
    return fewest.filter { $0[...].has(part) }
  }

  /// The texts that are a part of `whole`, of which only the beginning is looked at when it is long.
  func partsOf(_ whole: String) -> [String] {
    let bytes = Array(whole.utf8.prefix(PartIndex.mostLength))
    guard bytes.count >= PartIndex.leastLength else { return [] }
    return (0...(bytes.count - PartIndex.leastLength)).flatMap { start in
      ((start + PartIndex.leastLength)...bytes.count).compactMap { end in
        let part = String(decoding: bytes[start..<end], as: UTF8.self)
        return all.contains(part) ? part : nil
      }
    }
  }

  private static func grams(_ text: String) -> [UInt32] {
    var gram: UInt32 = 0
    var found: [UInt32] = []
    for (position, byte) in text.utf8.enumerated() {
      gram = gram << 8 | UInt32(byte)
      if position >= leastLength - 1 { found.append(gram) }
    }
    return found
  }
}
