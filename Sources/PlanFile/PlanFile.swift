import Migration

/// A plan file as it was written: its settings, and its steps before `for:` is expanded.
public struct PlanFile: Equatable, Sendable {
  /// The file as the caller named it.
  public let path: String
  /// Everything but the steps.
  public let settings: Plan
  let entries: [StepEntry]

  /// Reads a plan file from its bytes; any bytes at all give a plan or a fault, which has with it all others
  /// that could be found.
  public static func parse(_ bytes: [UInt8], path: String) throws(PlanFault) -> PlanFile {
    do throws(PlanFault) {
      let parts = try FrontMatter(bytes)
      let root = try YAMLReader.read(parts.yaml, firstLine: parts.yamlLine)
      let faults = Faults()
      let fields = try Fields(root, KnownKeys.plan, in: "the plan", faults)
      let reader = PlanReader(fields, faults)
      var settings = reader.settings()
      settings.prompt = parts.body
      let (entries, isWhole) = reader.entries()
      let matched = PromptNames.match.filter { name in
        entries.contains { $0.each?.source.matchNames.contains(name) ?? false }
      }
      faults.collect { () throws(PlanFault) in
        _ = try Template.checked(
          parts.body, at: TemplatePlace(bodyLine: parts.bodyLine), known: PromptNames.known(matched: matched))
      }
      let plan = PlanFile(path: path, settings: settings, entries: entries)
      if !faults.isEmpty {
        // Where every id is known, the needs can be followed all the same.
        if isWhole, !plan.needsExpansion {
          do throws(PlanFault) {
            _ = try Expansion(settings: settings).plan(of: entries, from: nil)
          } catch {
            faults.addFurther(error)
          }
        }
        try faults.end(top: fields.mark)
      }
      if !plan.needsExpansion { _ = try Expansion(settings: settings).plan(of: entries, from: nil) }
      return plan
    } catch {
      throw error.named(path)
    }
  }

  /// Whether a step has a `for:`; without one the plan is the same in every repository.
  public var needsExpansion: Bool { entries.contains { $0.each != nil } }

  /// The commands of `for: { lines: … }`, in the plan's order. `expand` runs them, so trust comes first.
  public var expansionCommands: [String] {
    entries.compactMap { entry in
      if case .lines(let command)? = entry.each?.source { return command }
      return nil
    }
  }

  /// The plan with every `for:` expanded and every need resolved.
  ///
  /// In the templates of a step made by `for:`, `match.path` is the whole path; `match.dir` its parent
  /// directory, whole (`src/a` for `src/a/__init__.py`, `.` at the top); `match.name` its last part;
  /// `match.stem` that without the extension; `match.line` a line of the command's output; and `match.index`
  /// counts the matches of that `for:` from 1. In `id`, `needs` and `lock` values are slugged:
  /// `pkg-{{match.dir}}` gives `pkg-src-a`. Ids that collide or are too long end in a digest of what they
  /// were made from. In `run` values are quoted for the shell, in `paths` for a glob. `title` and
  /// `prompt` take them as they are.
  public func expand(using source: any ExpansionSource) throws(PlanFault) -> Plan {
    do throws(PlanFault) {
      return try Expansion(settings: settings).plan(of: entries, from: source)
    } catch {
      throw error.named(path)
    }
  }
}

/// Where expansion gets what `for:` is over.
public protocol ExpansionSource {
  /// The paths that git tracks, relative to the repository's top.
  func trackedFiles() throws -> [String]
  /// The lines that a shell command prints, without their ends.
  func lines(of command: String) throws -> [String]
}

/// One item of `steps:`.
struct StepEntry: Equatable, Sendable {
  var mark: Mark
  var id: Text
  var title: Text?
  var needs: [Text]
  var paths: [Text]
  var prompt: Text?
  var lock: Text?
  var uses: [String]
  var priority: Int
  var run: Text?
  var timeoutSeconds: Int?
  var expectsChange = false
  var each: Each?

  /// The `for:` of a step, and where it stands.
  struct Each: Equatable, Sendable {
    var mark: Mark
    var source: Source
  }

  enum Source: Equatable, Sendable {
    case files(String)
    case dirs(String)
    case lines(String)

    /// The names after `match.` that this source gives.
    var matchNames: [String] {
      switch self {
      case .files, .dirs: ["path", "dir", "name", "stem", "index"]
      case .lines: ["line", "index"]
      }
    }
  }
}
