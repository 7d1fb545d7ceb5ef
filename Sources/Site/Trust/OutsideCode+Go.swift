import System

/// Workspaces and settings of Go.
extension OutsideCodeSearch {
  /// Workspaces that a `go` in a slot would use, and what its own settings name.
  package func go() -> [OutsideCode] {
    let settings = goSettings
    let workspace = environment["GOWORK"] ?? settings["GOWORK"] ?? ""
    var found = settings.sorted { $0.key < $1.key }.flatMap { name, value in
      ["GOPATH", "GOFLAGS"].contains(name) && environment[name] == nil
        ? targets(in: value) { ":=,;\"'".contains($0) || $0.isWhitespace }.map {
          OutsideCode(
            place: "\(name) in the settings of go names it", target: $0, hint: "go env -u \(name)")
        } : []
    }
    switch workspace {
    case "off": break
    case "":
      // The first one above a package counts.
      if isInCandidate("go.work") {
        found += workspaceTargets(in: main + "/go.work", from: candidate)
      } else if let folder = foldersAboveSlots.first(where: { Files.exists($0 + "/go.work") }) {
        found += workspaceTargets(in: folder + "/go.work", from: folder)
      }
    default: found += workspaceTargets(in: workspace, from: Files.parent(of: workspace))
    }
    return found
  }

  /// What `go env -w` wrote.
  private var goSettings: [String: String] {
    let folder =
      environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 }
      ?? (environment["HOME"] ?? "") + "/.config"
    var settings: [String: String] = [:]
    for line in (text(of: environment["GOENV"] ?? folder + "/go/env") ?? "").split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { settings[String(parts[0])] = String(parts[1]) }
    }
    return settings
  }

  /// The folders that a workspace uses, or puts in the place of a module.
  private func workspaceTargets(in file: String, from folder: String) -> [OutsideCode] {
    let words = (text(of: file) ?? "").split(separator: "\n").flatMap { line in
      line.prefix(upTo: line.firstRange(of: "//")?.lowerBound ?? line.endIndex)
        .split { $0.isWhitespace || "()\"`".contains($0) }
    }
    return words.filter { !["use", "replace", "=>", "go", "toolchain", "godebug"].contains($0) }.compactMap {
      target(String($0), from: folder)
    }.map {
      OutsideCode(
        place: "'\(file)' uses it", target: $0,
        hint: "let the verifiers say 'GOWORK=off', or use the modules by paths within the repository")
    }
  }
}
