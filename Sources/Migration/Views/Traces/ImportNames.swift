/// What a source file says that it imports, in the languages that say it in lines: for counting what files
/// have in common, not for building them.
public enum ImportNames {
  /// How many names of one file are kept.
  public static let most = 200

  /// The names, each once, in the order of the file; empty for a language that is not known. Lines that only
  /// look like code, in comments and long strings, are not known here: whoever reads a file takes them out.
  public static func of(_ text: String, path: String) -> [String] {
    let parts = path.split(separator: "/").last?.split(separator: ".") ?? []
    guard parts.count > 1, let form = forms[parts[parts.count - 1].lowercased()] else { return [] }
    var (found, seen): ([String], Set<String>) = ([], [])
    var isInGroup = false
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.drop { $0 == " " || $0 == "\t" }
      for name in names(in: words, form, &isInGroup) where seen.insert(name).inserted { found.append(name) }
      if found.count >= most { break }
    }
    return found
  }

  private enum Form {
    /// `import a.b, c as d` and `from a.b import c`.
    case python
    /// `import x from 'a'`, `export … from "a"`, `require('a')`, `import('a')`.
    case script
    /// `import a.b.C;`, `import static a.b.C.d;` and Kotlin's and Scala's without the end.
    case java
    /// `import "a/b"`, alone or in a group.
    case go
    /// `use a::b::{c, d};`, `extern crate a;`.
    case rust
    /// `#include <a.h>` and `"a.h"`.
    case include
    /// `import A`, `@testable import A`.
    case swift
    /// `using A.B;`.
    case using
    /// `require 'a'`, `require_relative "a"`.
    case ruby
    /// `use A\B\C;`.
    case php
  }

  private static let forms: [String: Form] = [
    "py": .python, "pyi": .python, "js": .script, "jsx": .script, "mjs": .script, "cjs": .script,
    "ts": .script, "tsx": .script, "mts": .script, "cts": .script, "vue": .script, "svelte": .script,
    "java": .java, "kt": .java, "kts": .java, "scala": .java, "groovy": .java, "go": .go, "rs": .rust,
    "c": .include, "h": .include, "cc": .include, "cpp": .include, "cxx": .include, "hpp": .include,
    "hh": .include, "m": .include, "mm": .include, "swift": .swift, "cs": .using, "rb": .ruby, "php": .php,
  ]

  private static func names(in line: Substring, _ form: Form, _ isInGroup: inout Bool) -> [String] {
    switch form {
    case .python:
      if let rest = after("from ", line) { return [first(rest) { $0 == " " }].compactMap(\.self) }
      guard let rest = after("import ", line) else { return [] }
      return rest.split(separator: ",").compactMap { first($0.drop { $0 == " " }) { " ;#".contains($0) } }
    case .script:
      let isImport = ["import", "export", "} from", "from "].contains(where: line.hasPrefix)
      if isImport, let name = quoted(in: line, after: "from") ?? quoted(in: line, after: "import") {
        return [name]
      }
      return ["require(", "import("].compactMap { call(of: $0, in: line) }
    case .java:
      guard let rest = after("import ", line) else { return [] }
      return [first(after("static ", rest) ?? rest) { " ;{".contains($0) }].compactMap(\.self)
    case .go:
      if line.hasPrefix("import (") {
        isInGroup = true
        return []
      }
      if isInGroup, line.hasPrefix(")") { isInGroup = false }
      guard isInGroup || line.hasPrefix("import ") else { return [] }
      return [quoted(in: line, after: "")].compactMap(\.self)
    case .rust:
      let rest = after("extern crate ", line) ?? after("use ", behindVisibility(line))
      return [rest.flatMap { first($0) { " ;{,".contains($0) } }].compactMap { $0?.trimmingColons }
    case .include:
      guard let rest = after("#include", line) ?? after("#import", line) ?? after("# include", line) else {
        return []
      }
      return [first(rest.drop { " <\"".contains($0) }) { ">\"".contains($0) }].compactMap(\.self)
    case .swift:
      let rest = after("import ", after("@testable ", line) ?? line)
      return [rest.flatMap { first($0) { " ;/".contains($0) } }].compactMap(\.self)
    case .using:
      guard let rest = after("using ", line), !rest.hasPrefix("(") else { return [] }
      let name = rest.split(separator: "=").last?.drop { $0 == " " } ?? rest
      return [first(after("static ", name) ?? name) { " ;".contains($0) }].compactMap(\.self)
    case .ruby:
      return [quoted(in: line, after: "require ") ?? quoted(in: line, after: "require_relative ")]
        .compactMap(\.self)
    case .php:
      guard let rest = after("use ", line) else { return [] }
      return [first(rest) { " ;{,".contains($0) }].compactMap(\.self)
    }
  }

  /// What follows `pub` or `pub(crate)`.
  private static func behindVisibility(_ line: Substring) -> Substring {
    if let rest = after("pub ", line) { return rest }
    guard let rest = after("pub(", line), let end = rest.firstIndex(of: ")") else { return line }
    return rest[rest.index(after: end)...].drop { $0 == " " }
  }

  private static func after(_ word: String, _ text: Substring) -> Substring? {
    text.hasPrefix(word) ? text.dropFirst(word.count) : nil
  }

  private static func first(_ text: Substring, until isEnd: (Character) -> Bool) -> String? {
    let name = text.prefix { !isEnd($0) }
    return name.isEmpty ? nil : String(name)
  }

  /// The text that a call takes, where it is a call: not a part of a longer name, nor of a text.
  private static func call(of word: String, in line: Substring) -> String? {
    guard let range = line.firstRange(of: word) else { return nil }
    if let before = line[..<range.lowerBound].last, before.isLetter || "_$.'\"`".contains(before) {
      return nil
    }
    return quoted(in: line, after: word)
  }

  /// What stands between the first quotes behind a word.
  private static func quoted(in line: Substring, after word: String) -> String? {
    var rest = line
    if !word.isEmpty {
      guard let range = line.firstRange(of: word) else { return nil }
      rest = line[range.upperBound...]
    }
    guard let open = rest.firstIndex(where: { "'\"`".contains($0) }) else { return nil }
    let inner = rest[rest.index(after: open)...]
    guard let close = inner.firstIndex(of: rest[open]), close != inner.startIndex else { return nil }
    return String(inner[..<close])
  }
}

extension String {
  fileprivate var trimmingColons: String {
    var text = self[...]
    while text.last == ":" { text = text.dropLast() }
    return String(text)
  }
}
