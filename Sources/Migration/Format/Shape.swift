import CanonicalJSON

/// What a member of an entry holds, for members that no rule reads yet: the format knows their form, so that
/// nothing unknown is ever accepted, and nothing known is lost.
enum Shape: Equatable, Sendable {
  /// Any text.
  case text
  /// A whole number that is counted: not negative, and far from overflow.
  case counter
  /// An amount: a whole number, not negative. Money is in micro-units of its currency.
  case amount
  /// `true`; `false` is left out.
  case flag
  /// Milliseconds since the epoch.
  case time
  /// An object id of 40 digits.
  case object
  /// SHA-256, 64 hexadecimal digits.
  case digest
  /// `[machine, boot, pid, ticks]`.
  case owner
  /// A list of texts that is not empty.
  case texts
  /// An object of texts.
  case words
  /// A list of what verifiers told that is not empty.
  case runs

  /// Whether a value has this shape.
  func accepts(_ value: JSON) -> Bool {
    switch (self, value) {
    case (.text, .string): true
    case (.counter, .integer(let number)): (0...Int64(Int32.max)).contains(number)
    case (.amount, .integer(let number)), (.time, .integer(let number)): number >= 0
    case (.flag, .bool(let flag)): flag
    case (.object, .string(let text)): ObjectID(text) != nil
    case (.digest, .string(let text)): text.utf8.count == 64 && text.utf8.allSatisfy(isLowerHex)
    case (.owner, _): (try? Owner(json: value)) != nil
    case (.texts, .array(let items)): !items.isEmpty && items.allSatisfy { $0.isText }
    case (.words, .object(let members)): !members.isEmpty && members.allSatisfy { $0.value.isText }
    case (.runs, .array(let items)): !items.isEmpty && (try? VerifierRun.list(items)) != nil
    case (.text, _), (.counter, _), (.amount, _), (.flag, _), (.time, _), (.object, _), (.digest, _),
      (.texts, _), (.words, _), (.runs, _):
      false
    }
  }
}

extension JSON {
  fileprivate var isText: Bool { if case .string = self { true } else { false } }
}

/// A member that the format knows.
struct MemberForm: Equatable, Sendable {
  /// Its name.
  var name: String
  /// What it holds.
  var shape: Shape
  /// Whether an entry may be without it.
  var isOptional: Bool

  static func needs(_ name: String, _ shape: Shape) -> MemberForm {
    MemberForm(name: name, shape: shape, isOptional: false)
  }

  static func may(_ name: String, _ shape: Shape) -> MemberForm {
    MemberForm(name: name, shape: shape, isOptional: true)
  }
}

extension ObjectReader {
  /// Takes the members of these forms, in their order; throws for one that is missing or of another shape.
  mutating func members(_ forms: [MemberForm]) throws(JSONFault) -> [JSON.Member] {
    var found: [JSON.Member] = []
    for form in forms {
      guard let value = optional(form.name) else {
        if form.isOptional { continue }
        throw JSONFault("the entry has no '\(form.name)'")
      }
      guard form.shape.accepts(value) else {
        throw JSONFault("'\(form.name)' of the entry is not what it should be")
      }
      found.append(JSON.Member(form.name, value))
    }
    return found
  }
}
