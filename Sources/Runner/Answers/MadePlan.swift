import Migration
import Plans
import Site

/// A plan that was made of another tool's files, or of what a repository shows.
package struct MadePlan: PrintedAnswer {
  let text: String
  let path: String?
  let kept: [String]
  let lost: [String]
  let warnings: [String]

  /// The plan, and what became of what it was made of.
  package static let form = AnswerForm<MadePlan>.document([
    .text("plan", \.text), .text("path", orNull: \.path), .texts("kept", \.kept), .texts("lost", \.lost),
    .texts("warnings", \.warnings),
  ])

  /// Tells of a plan that was imported, and of the file that it was written to.
  package init(_ plan: ImportedPlan, path: String?) {
    (text, self.path, kept, lost, warnings) = (plan.text, path, plan.kept, plan.lost, plan.warnings)
  }

  /// Tells of a plan that was made anew.
  package init(text: String, path: String?, warnings: [String] = []) {
    (self.text, self.path, kept, lost, self.warnings) = (text, path, [], [], warnings)
  }

  package func text(_: Palette) -> String { text }
}
