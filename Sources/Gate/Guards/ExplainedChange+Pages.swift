/// What a project says in files that are no code: translations, pages, templates of mails.
extension ExplainedChange {
  private static let endings: Set = [
    "yml", "yaml", "json", "properties", "po", "pot", "ftl", "resx", "xml", "strings", "arb", "toml", "ini",
    "html", "htm", "xhtml", "erb", "haml", "slim", "jinja", "jinja2", "j2", "hbs", "mustache", "ejs", "pug",
    "liquid", "twig", "tmpl", "gohtml", "cshtml", "razor", "txt", "md", "xlf", "xliff", "lang", "ftlh",
    "svelte", "vue", "jsx", "tsx", "mjml", "xcstrings", "stringsdict", "neon",
  ]
  private static let most = 1 << 18
  private static let mostLines = 2_000

  /// The texts of changed files that are no code, as those of the code.
  mutating func readPages(_ change: TreeChange) {
    for path in change.paths {
      let name = TestPath(path.path)
      guard ExplainedChange.endings.contains(name.ending), !name.isBelowTests, !TestData.isRecorded(name),
        !ExplainedChange.manifests.contains(name.name), !name.path.hasPrefix("."),
        TestLanguages.language(of: name)?.isTestPath(name) != true
      else { continue }
      let old = path.oldPath.flatMap(change.oldText) ?? ""
      let new = path.newPath.flatMap(change.newText) ?? ""
      guard old.utf8.count < ExplainedChange.most, new.utf8.count < ExplainedChange.most else { continue }
      goneTexts += ExplainedChange.texts(addedLines(old: new, new: old))
      cameTexts += ExplainedChange.texts(addedLines(old: old, new: new))
    }
  }

  private static func texts(_ lines: [(number: Int, text: Substring)]) -> [[String]] {
    lines.prefix(mostLines).flatMap { line -> [[String]] in
      var found: [Substring] = []
      // `subject: Your password`, `title = Sign in`, `"key": "text",`
      for sign in [": ", "=", "=>"] {
        if let value = line.text.after(sign) { found.append(value.trimmed) }
      }
      // `<h1>Sign in</h1>`
      var rest = line.text
      while let inner = rest.after(">") {
        if let text = inner.before("<") ?? (inner.trimmed.isEmpty ? nil : inner) {
          found.append(text.trimmed)
        }
        rest = inner
      }
      if found.isEmpty { found = [line.text.trimmed] }
      return found.map(bare).filter { $0.count(where: \.isLetter) >= 4 }.map { Template.parts(String($0)) }
    }
  }

  /// Without what quotes it and parts it from the next.
  private static func bare(_ text: Substring) -> Substring {
    var text = text
    while let last = text.last, ",;".contains(last) { text = text.dropLast() }
    if let first = text.first, "\"'`".contains(first), text.last == first, text.count > 1 {
      text = text.dropFirst().dropLast()
    }
    return text
  }
}
