/// The passwords of a user's `.netrc`, which curl reads for git, and git's credential helpers do not.
public struct NetRC: Sendable {
  private var entries: [(machine: String?, password: String)] = []

  /// Reads one. What is not understood is passed over, as every reader of such files does.
  public init(_ bytes: [UInt8]) {
    var machine: String??
    var lines = String(decoding: bytes, as: UTF8.self).split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline)[...]
    while let line = lines.popFirst() {
      var words = NetRC.words(line)[...]
      while let word = words.popFirst() {
        switch word {
        case "machine": machine = .some(words.popFirst()?.lowercased())
        case "default": machine = .some(nil)
        case "login", "account": _ = words.popFirst()
        case "password":
          if let password = words.popFirst(), let machine { entries.append((machine, password)) }
        // A macro goes on to the next empty line.
        case "macdef":
          while let line = lines.popFirst(), !line.allSatisfy(\.isWhitespace) {}
          words = []
        default: break
        }
      }
    }
  }

  /// The words of a line; one in quotes may hold blanks. What follows `#` at a word's beginning is no word.
  private static func words(_ line: Substring) -> [String] {
    var words: [String] = []
    var rest = line.drop(while: \.isWhitespace)
    while let first = rest.first, first != "#" {
      var word = ""
      if first == "\"" {
        rest = rest.dropFirst()
        while let next = rest.popFirst(), next != "\"" {
          word.append(next == "\\" ? rest.popFirst() ?? next : next)
        }
      } else {
        word = String(rest.prefix { !$0.isWhitespace })
        rest = rest.dropFirst(word.count)
      }
      words.append(word)
      rest = rest.drop(while: \.isWhitespace)
    }
    return words
  }

  /// The password for a host: of what names it, and of nothing else. The `default` of a file is for whoever
  /// asks, and a forge that nobody named is not to have it.
  public func password(of host: String) -> String? {
    entries.first { $0.machine == host.lowercased() }?.password
  }
}
