import Migration

/// Why a plan file was refused: what is wrong, where it stands, and what to do next.
public struct PlanFault: Error, Equatable, Sendable, CustomStringConvertible {
  /// The plan file as the caller named it.
  public var path: String
  /// The line in the plan file, from 1.
  public var line: Int
  /// The column in characters, from 1.
  public var column: Int
  /// What is wrong, in git's grammar: lower case, no full stop, the subject in single quotes.
  public var message: String
  /// What to do next, or `nil` when the message says it.
  public var hint: String?
  /// What else is wrong with the file, in its order.
  public var others: [PlanFault] = []

  /// Makes a fault.
  public init(path: String = "", line: Int, column: Int, message: String, hint: String? = nil) {
    self.path = path
    self.line = line
    self.column = column
    self.message = message
    self.hint = hint
  }

  /// Line and column.
  var place: [Int] { [line, column] }

  /// `path:line:column: message`, as compilers print it, so that editors can jump there.
  public var description: String { "\(path):\(line):\(column): \(message)" }

  /// The faults of the parts do not know the file's name; the two public entry points add it here.
  func named(_ path: String) -> PlanFault {
    var fault = self
    fault.path = path
    fault.others = others.map { $0.named(path) }
    return fault
  }
}

/// A place in the plan file.
struct Mark: Equatable, Sendable {
  var line: Int
  var column: Int

  func fault(_ message: String, hint: String? = nil) -> PlanFault {
    PlanFault(line: line, column: column, message: message, hint: hint)
  }
}

/// Text from outside as it may stand in a message: short, on one line, without control characters.
func quoted(_ text: String) -> String {
  var shown = ""
  for scalar in text.unicodeScalars.prefix(60) {
    shown.unicodeScalars.append(isHidden(scalar) ? "?" : scalar)
  }
  return "'" + shown + (text.unicodeScalars.count > 60 ? "…" : "") + "'"
}

/// Whether a character does not show as itself: besides what no name may hold, tags, marks of annotations,
/// and what stands for a byte.
private func isHidden(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x206A...0x206F, 0xFFF9...0xFFFB, 0xE0000...0xE007F: true
  default: isUnprintable(scalar) || NameText.byte(scalar) != nil
  }
}

/// See `BranchName.isUnprintable`.
func isUnprintable(_ scalar: Unicode.Scalar) -> Bool { BranchName.isUnprintable(scalar) }
