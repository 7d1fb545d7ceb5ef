import ArgumentParser
import Git
import Migration
import Plans
import Runner
import Site
import Supervision
import System

/// `git migrate import`: a plan out of another tool's files.
struct ImportCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Make a plan of another tool's workflow, jobs or steps.",
    discussion: """
      Reads workflows of a board's orchestrator ('tracker:'), jobs of an agent queue ('engine:'; a folder of \
      them becomes one plan), and migration folders with a list of steps and a progress table. The plan goes \
      to standard output, or with '-o' to a file; what was kept and what was lost is said on standard error. \
      Nothing runs.
      """)

  @Argument(help: "The file, or the folder.", completion: .file())
  var path: String

  @Option(
    name: [.customShort("o", allowingJoined: true), .long],
    help: ArgumentHelp("Write the plan here; a file that is there stays.", valueName: "file"))
  var output: String?

  @OptionGroup var json: JSONOption

  func run(_ context: Context) throws(CommandError) {
    let files = try ForeignFiles.read(path)
    let tree = RepositoryTree(context)
    let plan: ImportedPlan
    do throws(ImportFault) {
      plan = try ImportedPlan.make(of: files, tracked: tree.files, text: tree.text)
    } catch {
      throw CommandError("unable to import '\(path)': \(error.message)", hint: error.hint)
    }
    // What comes out is a plan: whatever stood in the file, it is seen before anybody else does.
    do throws(PlanFault) { _ = try PlanFile.parse(Array(plan.text.utf8), path: output ?? "plan.md") } catch {
      throw CommandError(
        "what was made of '\(path)' is no good plan: \(error.message)",
        hint: "this is a bug; please report it")
    }
    let made = MadePlan(plan, path: output)
    if let output {
      try NewFile.write(plan.text, to: output)
      if json.isWanted { try context.print(made) }
    } else {
      try context.print(made, json)
    }
    guard !json.isWanted else { return }
    for line in plan.kept { context.note("kept: \(TerminalText.sanitizedLine(line))") }
    for line in plan.lost { context.note("lost: \(TerminalText.sanitizedLine(line))") }
    for line in plan.warnings { context.warn(TerminalText.sanitizedLine(line)) }
    context.hint("read it, then run 'git migrate check \(output ?? "PLAN")'")
  }
}

/// The files that a person names to be imported.
enum ForeignFiles {
  /// How many files of a folder are read.
  private static let most = 2000

  /// The file, or the Markdown files of the folder and of those in it.
  static func read(_ path: String) throws(CommandError) -> [ForeignFile] {
    guard FileStatus(following: path)?.kind == .directory else {
      guard let file = ForeignFile(path: path, bytes: try PlanInput.read(path, called: "file")) else {
        throw CommandError("unable to import '\(path)': it is no text")
      }
      return [file]
    }
    var files: [ForeignFile] = []
    for name in try names(in: path, depth: 0).prefix(most) {
      guard let bytes = try? PlanInput.read(name, called: "file"),
        let file = ForeignFile(path: name, bytes: bytes)
      else { continue }
      files.append(file)
    }
    if files.isEmpty { throw CommandError("'\(path)' has no Markdown files") }
    return files
  }

  private static func names(in folder: String, depth: Int) throws(CommandError) -> [String] {
    let entries = try reporting { try Files.listDirectory(folder) }.sorted {
      $0.utf8.lexicographicallyPrecedes($1.utf8)
    }
    var names: [String] = []
    for entry in entries where !entry.hasPrefix(".") {
      let path = folder.hasSuffix("/") ? folder + entry : folder + "/" + entry
      switch Files.kind(path) {
      case .directory where depth < 3: names += try self.names(in: path, depth: depth + 1)
      case .file where entry.lowercased().hasSuffix(".md"): names.append(path)
      default: continue
      }
      if names.count > most { break }
    }
    return names
  }
}

/// The tracked files of the repository that a person stands in; none where there is none.
struct RepositoryTree {
  let files: [String]
  private let source: TreeSource?

  init(_ context: Context) {
    let commit = (try? context.site()).flatMap { site in (try? site.repository.head().oid).flatMap(\.self) }
    guard let site = try? context.site(), let commit,
      let source = try? TreeSource(site: site, commit: commit),
      let found = try? source.trackedFiles()
    else {
      (files, source) = ([], nil)
      return
    }
    (files, self.source) = (found, source)
  }

  func text(_ path: String) -> String? { (try? source?.text(of: path)).flatMap(\.self) }
}

/// Writes a file that is not there yet.
enum NewFile {
  static func write(_ text: String, to path: String) throws(CommandError) {
    do throws(FileError) { try Files.writeNew(path, Array(text.utf8)) } catch {
      let reason = error.isThere ? "it is there already" : error.reason
      throw CommandError(
        "unable to write '\(path)': \(reason)", hint: error.isThere ? "name another file" : nil)
    }
  }
}
