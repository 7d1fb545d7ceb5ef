import Gate
import Git
import Ledger
import Migration
import Site
import System

/// What was said and done in the last attempt at a step that needs a person: for the page, without secrets.
struct WordsOfStep {
  var epoch: Int
  var prompt: String
  var closing: String
  var diff: String

  var size: Int { prompt.utf8.count + closing.utf8.count + diff.utf8.count }
}

extension MigrationRecap {
  /// The most bytes of prompts, failures and diffs that a page holds.
  static let mostWords = 1 << 20
  /// The most bytes of one of them.
  private static let longest = 64 << 10

  /// Those of blocked steps, as many as fit, by the index of the step in the plan.
  func words(_ site: Site) -> [Int: WordsOfStep] {
    let redactor = Redactor(environment: site.environment)
    var found: [Int: WordsOfStep] = [:]
    var left = MigrationRecap.mostWords / 2
    for (number, claim) in chronicle.claims.sorted(by: { $0.key < $1.key }) {
      guard left > 0, let index = state.index(of: chronicle.names[number]),
        case .blocked = state.steps[index].phase
      else { continue }
      let fence = Fence(step: chronicle.names[number], epoch: claim.epoch)
      let texts = AttemptTexts(of: report.name, fence, in: site)
      var words = WordsOfStep(
        epoch: claim.epoch, prompt: texts?.prompt ?? "", closing: texts?.closing ?? "", diff: "")
      if let kept = (try? site.ledger.reader.result(report.name, fence)).flatMap(\.self),
        let patch = try? site.git.patch(from: claim.base.hex, to: kept.commit.hex)
      {
        words.diff = patch
      }
      words.prompt = MigrationRecap.cut(redactor.redact(words.prompt))
      words.closing = MigrationRecap.cut(redactor.redact(words.closing))
      words.diff = MigrationRecap.cut(redactor.redact(words.diff))
      guard words.size > 0, words.size <= left else { continue }
      left -= words.size
      found[index] = words
    }
    return found
  }

  private static func cut(_ text: String) -> String {
    guard text.utf8.count > longest else { return text }
    return String(decoding: text.utf8.prefix(longest), as: UTF8.self) + "\n…"
  }
}
