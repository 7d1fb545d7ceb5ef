import FoundationEssentials

/// The project's own files, as they lie in the work tree.
enum Tree {
  /// The top of the repository.
  static let root: String = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()

  /// Every file, relative to the top, sorted; without what git ignores, without the repository itself.
  static let files: [String] = list("").sorted()

  /// The Swift files below a folder.
  static func swiftFiles(under folder: String) -> [String] {
    files.filter { $0.hasPrefix(folder + "/") && $0.hasSuffix(".swift") }
  }

  /// The code of every Swift file, read once.
  static let code: [String: SwiftCode] = Dictionary(
    uniqueKeysWithValues: (swiftFiles(under: "Sources") + swiftFiles(under: "Tests")).map {
      ($0, SwiftCode(text($0) ?? ""))
    })

  /// The names of the files in a folder, without what begins with a dot.
  static func names(in folder: String) -> [String] {
    files.filter { $0.hasPrefix(folder + "/") }.map { String($0.dropFirst(folder.count + 1)) }
      .filter { !$0.contains("/") && !$0.hasPrefix(".") }
  }

  /// A file's text, `nil` when there is none.
  static func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: root + "/" + path).map { String(decoding: $0, as: UTF8.self) }
  }

  /// A file's lines, without their ends.
  static func lines(_ path: String) -> [Substring] {
    var lines = (text(path) ?? "").split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }

  /// The lines of all files that hold any of these words, with their numbers from 1.
  static func lines(with words: [String], where isWanted: (String) -> Bool) -> [(
    path: String, line: Int, text: String
  )] {
    let words = words.map { Array($0.utf8) }
    return files.filter(isWanted).flatMap { path in
      let bytes = FileManager.default.contents(atPath: root + "/" + path).map(Array.init) ?? []
      return bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        .filter { line in words.contains { holds(line.element, $0) } }
        .map { (path, $0.offset + 1, String(decoding: $0.element, as: UTF8.self)) }
    }
  }

  /// Whether the bytes of a word stand in a line; the search of `String` takes ten times as long.
  private static func holds(_ line: ArraySlice<UInt8>, _ word: [UInt8]) -> Bool {
    guard line.count >= word.count, let first = word.first else { return false }
    for start in line.startIndex...(line.endIndex - word.count) where line[start] == first {
      if line[start..<(start + word.count)].elementsEqual(word) { return true }
    }
    return false
  }

  private static func list(_ folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root + "/" + folder)) ?? []
    return names.flatMap { name -> [String] in
      let path = folder.isEmpty ? name : folder + "/" + name
      if isIgnored(name, at: path) { return [] }
      var isFolder = false
      guard FileManager.default.fileExists(atPath: root + "/" + path, isDirectory: &isFolder) else {
        return []
      }
      return isFolder ? list(path) : [path]
    }
  }

  /// The same names as in `.gitignore`.
  private static func isIgnored(_ name: String, at path: String) -> Bool {
    name == ".git" || name == ".build" || name.hasPrefix(".build-") || name.hasPrefix(".build_")
      || name == ".swiftpm" || name.hasSuffix(".swp") || name == "__pycache__" || path == "Package.resolved"
  }
}

/// A place where a rule is broken, as compilers write it.
struct Finding: CustomStringConvertible {
  var path: String
  var line: Int?
  var message: String

  var description: String { path + (line.map { ":\($0)" } ?? "") + ": " + message }

  /// One finding a line, to be the comment of a failed expectation.
  static func list(_ findings: [Finding]) -> String {
    "\(findings.count) found\n" + findings.map(\.description).joined(separator: "\n")
  }
}
