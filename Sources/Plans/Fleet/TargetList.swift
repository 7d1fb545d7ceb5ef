import CanonicalJSON
import Migration

/// A list of repositories outside of a plan: a line each, `URL [id=…] [base=…] [owner=…] [label=…]`, or a
/// JSON object with `url` and these. Empty lines and what begins with `#` are passed over.
public struct TargetList: Equatable, Sendable {
  /// The targets.
  public private(set) var lines: [TargetLine] = []
  /// What is wrong, each with its line.
  public private(set) var faults: [(line: Int, message: String)] = []

  /// Reads a list.
  public init(_ text: String) {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      guard let first = words.first, !first.hasPrefix("#") else { continue }
      if lines.count >= FleetTarget.most {
        faults.append((index + 1, "there are more than \(FleetTarget.most) targets"))
        return
      }
      if first.hasPrefix("{") {
        add(json: String(line), index + 1)
      } else {
        add(words, index + 1)
      }
    }
  }

  /// Whether both are the same list.
  public static func == (left: TargetList, right: TargetList) -> Bool {
    left.lines == right.lines && left.faults.elementsEqual(right.faults) { $0 == $1 }
  }

  private mutating func add(_ words: [String], _ number: Int) {
    var target = TargetLine(url: words[0], line: number)
    for word in words.dropFirst() {
      guard let mark = word.firstIndex(of: "="), mark < word.index(before: word.endIndex) else {
        faults.append((number, "'\(word)' is no 'key=value'"))
        return
      }
      guard target.set(String(word[..<mark]), String(word[word.index(after: mark)...])) else {
        let known = TargetLine.keys.joined(separator: ", ")
        faults.append((number, "'\(word[..<mark])' is no key of a target: \(known)"))
        return
      }
    }
    lines.append(target)
  }

  private mutating func add(json text: String, _ number: Int) {
    do throws(JSONFault) {
      var reader = try ObjectReader(try JSON.parse(text), "the target")
      var target = TargetLine(url: try reader.string("url"), line: number)
      target.id = try reader.optionalString("id")
      target.base = try reader.optionalString("base")
      target.owner = try reader.optionalString("owner")
      target.labels = try reader.strings("labels")
      try reader.end()
      lines.append(target)
    } catch {
      faults.append((number, error.description))
    }
  }
}

extension TargetLine {
  /// What may stand behind an address.
  static let keys = ["id", "base", "owner", "label"]

  /// Takes a value; false where there is no such key.
  fileprivate mutating func set(_ key: String, _ value: String) -> Bool {
    switch key {
    case "id": id = value
    case "base": base = value
    case "owner": owner = value
    case "label": labels.append(value)
    default: return false
    }
    return true
  }
}
