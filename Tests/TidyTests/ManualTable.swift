/// A list of tags (`.Bl -tag`) of a page, as the manual describes the members of a document.
struct ManualTable {
  /// One entry: the names of its tag, what is said of them, and maybe a list within it.
  struct Item {
    var names: [String]
    var text = ""
    private var inner: [ManualTable] = []

    init(names: [String]) { self.names = names }

    /// The words of the text.
    var words: Set<String> { Set(text.split { !$0.isLetter }.map(String.init)) }

    /// The list of the members that an object has.
    var parts: ManualTable? { inner.first }
    var hasParts: Bool { !inner.isEmpty }

    mutating func add(_ table: ManualTable) { inner.append(table) }
  }

  private(set) var items: [Item] = []

  /// The first list of tags below a heading; `nil` when there is none before the next heading.
  init?(page: String, heading: String) {
    let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
    let start = lines.firstIndex { [".Sh \(heading)", ".Ss \(heading)"].contains($0) }
    guard let start else { return nil }
    var rest = lines[(start + 1)...].prefix { !$0.hasPrefix(".Sh ") && !$0.hasPrefix(".Ss ") }
    guard let list = rest.firstIndex(where: { $0.hasPrefix(".Bl -tag") }) else { return nil }
    rest = rest[(list + 1)...]
    self.init(&rest)
  }

  /// Reads the items until the end of the list.
  private init(_ lines: inout ArraySlice<Substring>) {
    while let line = lines.popFirst(), line != ".El" {
      if line.hasPrefix(".Bl -tag") {
        let table = ManualTable(&lines)
        if items.isEmpty { continue }
        items[items.count - 1].add(table)
      } else if line.hasPrefix(".It Li ") {
        let names = line.dropFirst(".It ".count).split(separator: " ").filter { $0 != "Li" && $0 != "," }
        items.append(Item(names: names.map(String.init)))
      } else if !items.isEmpty {
        let words =
          line.hasPrefix(".") ? String(line.replacing(#/^\.(Li|Pq|Xr|Fl|Ar) /#, with: "")) : String(line)
        items[items.count - 1].text += words.replacing("\"", with: "") + "\n"
      }
    }
  }
}
