import CanonicalJSON
import Migration

/// One place in which two states differ.
package struct StateChange: Answer, Equatable {
  /// Where, what was there and what is there now; `null` when nothing was, or is.
  package static let form = AnswerForm<StateChange>([
    .text("path", \.path), .document("before", orNull: \.left), .document("after", orNull: \.right),
  ])

  /// Where: `migrations.demo.steps.S1.phase`.
  package let path: String
  private let left: JSON?
  private let right: JSON?

  private init(path: String, left: JSON?, right: JSON?) {
    self.path = path
    self.left = left
    self.right = right
  }

  /// What was there, as JSON text.
  var before: String? { left?.canonical }
  /// What is there now.
  var after: String? { right?.canonical }

  /// The smallest places that differ. Lists of things with a name or an id are compared by it, others as a
  /// whole.
  static func between(_ before: JSON, _ after: JSON) -> [StateChange] {
    var changes: [StateChange] = []
    compare(before, after, at: "", &changes)
    return changes
  }

  private static func compare(_ left: JSON?, _ right: JSON?, at path: String, _ changes: inout [StateChange])
  {
    if left == right { return }
    guard let left, let right, let before = members(left), let after = members(right) else {
      changes.append(StateChange(path: path, left: left, right: right))
      return
    }
    let old = Dictionary(before.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    let new = Dictionary(after.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    let keys = after.map(\.key) + before.map(\.key).filter { new[$0] == nil }
    for key in keys { compare(old[key], new[key], at: path.isEmpty ? key : "\(path).\(key)", &changes) }
  }

  private static func members(_ json: JSON) -> [JSON.Member]? {
    switch json {
    case .object(let members): return members
    case .array(let items):
      var named: [JSON.Member] = []
      for item in items {
        guard case .string(let name)? = item["name"] ?? item["id"] else { return nil }
        named.append(JSON.Member(name, item))
      }
      return named
    case .null, .bool, .integer, .string: return nil
    }
  }
}
