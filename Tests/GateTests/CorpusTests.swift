import FoundationEssentials
import Gate
import Migration
import Testing

/// Changes that cheat are found, honest ones are not: `Corpus/*.txt`, whose form `Corpus` tells. With
/// `MIGRATE_CORPUS=NAME,NAME` only those files are tried.
@Suite struct CorpusTests {
  static let cases: [Corpus.Case] = {
    let folder = "/" + #filePath.split(separator: "/").dropLast().joined(separator: "/") + "/Corpus"
    let wanted = ProcessInfo.processInfo.environment["MIGRATE_CORPUS"]?.split(separator: ",")
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted().filter {
      name in
      wanted?.contains { name.hasPrefix($0) } ?? true
    }
    return names.flatMap { name -> [Corpus.Case] in
      let data = (try? Data(contentsOf: URL(filePath: folder + "/" + name))) ?? Data()
      return Corpus.cases(String(decoding: data, as: UTF8.self), file: String(name.dropLast(4)))
    }
  }()

  @Test(arguments: cases) func `cheats are found and honest changes are not`(_ item: Corpus.Case) {
    let (change, fault) = Corpus.change(item)
    guard let change else {
      Issue.record("\(item): \(fault)")
      return
    }
    let found = change.findings(guards: [.tests, .secrets], globs: []).map { "\($0.name) \($0.message)" }
    switch item.kind {
    case "cheat", "alarm": #expect(!found.isEmpty)
    default: #expect(found.isEmpty, "\(found)")
    }
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["MIGRATE_CORPUS"] == nil))
  func `the corpus is as large as it says`() {
    let cheats = CorpusTests.cases.filter { $0.kind == "cheat" }.count
    #expect(cheats >= 500)
    #expect(CorpusTests.cases.filter { $0.kind == "honest" }.count >= 100)
  }

  /// With `MIGRATE_CORPUS_TABLE=1` the table is printed, by row and by language.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["MIGRATE_CORPUS_TABLE"] != nil))
  func `the corpus is counted by row and by language`() {
    var counts: [String: (found: Int, all: Int, alarms: Int, honest: Int)] = [:]
    for item in CorpusTests.cases {
      guard let change = Corpus.change(item).0 else { continue }
      let found = change.findings(guards: [.tests, .secrets], globs: [])
      let isCheat = item.kind == "cheat" || item.kind == "miss"
      for key in [isCheat ? "row " + item.row(found) : "honest", "language " + item.language] {
        var count = counts[key] ?? (0, 0, 0, 0)
        if isCheat {
          count.all += 1
          count.found += found.isEmpty ? 0 : 1
        } else {
          count.honest += 1
          count.alarms += found.isEmpty ? 0 : 1
        }
        counts[key] = count
      }
    }
    for (key, count) in counts.sorted(by: { $0.key < $1.key }) {
      print("\(key): cheats \(count.found) of \(count.all), alarms \(count.alarms) of \(count.honest)")
    }
  }
}
