import System

/// Packages of Node.js that are links into a work tree.
extension OutsideCodeSearch {
  /// Links that `npm link` and its like made, where a program of the gate finds them: in the global folders,
  /// in `NODE_PATH`, in folders above the slots; and in the main work tree, from which people copy.
  package func node() -> [OutsideCode] {
    let prefixes = searchedFolders.filter { $0.hasSuffix("/bin") }.map { Files.parent(of: $0) } + ownPrefix
    let global = prefixes.flatMap { ["\($0)/lib/node_modules", "\($0)/share/node_modules"] }
    let pnpm = environment["PNPM_HOME"].map { home in
      names(in: home + "/global").map { "\(home)/global/\($0)/node_modules" }
    }
    let named = (environment["NODE_PATH"] ?? "").split(separator: ":").map(String.init)
    let above = foldersAboveSlots.map { ($0 == "/" ? "" : $0) + "/node_modules" }
    var seen: Set<String> = []
    let visible = global + (pnpm ?? []) + named.filter { $0.hasPrefix("/") } + above
    let found = visible.filter { Files.realPath($0).map { seen.insert($0).inserted } ?? false }.flatMap {
      links(in: $0, where: { _ in true })
    }
    // A workspace links its own packages by relative paths that stay in it, also in a copy.
    return found + links(in: main + "/node_modules", where: leavesMain).filter { !found.contains($0) }
  }

  /// The prefix that the user gave to npm.
  private var ownPrefix: [String] {
    let lines = (text(of: (environment["HOME"] ?? "") + "/.npmrc") ?? "").split(whereSeparator: \.isNewline)
    return lines.compactMap { line in
      let parts = line.split(separator: "=", maxSplits: 1).map { $0.filter { !$0.isWhitespace } }
      return parts.count == 2 && parts[0] == "prefix" && parts[1].hasPrefix("/") ? parts[1] : nil
    }
  }

  private func links(in folder: String, where isWanted: (String) -> Bool) -> [OutsideCode] {
    let scoped = names(in: folder).flatMap { name in
      name.hasPrefix("@") ? names(in: "\(folder)/\(name)").map { "\(name)/\($0)" } : [name]
    }
    return scoped.map { "\(folder)/\($0)" }.filter {
      Files.kind($0) == .symbolicLink && isWanted($0)
    }.compactMap { link in
      target(link).map {
        OutsideCode(
          place: "the link '\(link)' (npm link)", target: $0,
          hint: "remove the link ('npm unlink'), and let the gate's 'setup' install; see 'Environments' in "
            + "gitmigrate-plan(5)")
      }
    }
  }

  /// Whether a link in the main work tree is absolute, or leads back into it by way of other folders.
  private func leavesMain(_ link: String) -> Bool {
    guard let text = Files.linkTarget(link) else { return false }
    if text.hasPrefix("/") { return true }
    let first = Self.joined(text, to: Files.parent(of: link))
    return first != main && !first.hasPrefix(main + "/")
  }
}
