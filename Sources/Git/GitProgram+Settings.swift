extension GitProgram {
  /// One value as `git config --show-scope` lists it.
  private struct Listed {
    let isTrusted: Bool
    let key: String
    let value: String
  }

  /// Overrides for the programs whose names only the configuration knows: filters, merge drivers and
  /// configured hooks (git 2.54). A credential helper and an ssh command of the user's own stay in use.
  func programSettings(filters: Filters, hooks: Hooks) throws(GitError) -> [ConfigEntry] {
    let listed = try list("^(filter|merge|hook|credential|core|diff)\\.")
    var result: [ConfigEntry] = []
    if let ssh = listed.last(where: { $0.isTrusted && $0.key == "core.sshcommand" }) {
      result.append(ConfigEntry(key: ssh.key, value: ssh.value))
    }
    // The empty helper among the fixed overrides has emptied the list; these are put in again.
    for entry in listed where entry.isTrusted && entry.key.hasPrefix("credential.") {
      if entry.key.hasSuffix(".helper") { result.append(ConfigEntry(key: entry.key, value: entry.value)) }
    }
    if filters != .all { result += filterSettings(listed, trustsUser: filters == .user) }
    if hooks == .none {
      for name in names(in: listed, section: "hook") {
        result.append(ConfigEntry(key: "hook.\(name).enabled", value: "false"))
      }
    }
    return result
  }

  private func filterSettings(_ listed: [Listed], trustsUser: Bool) -> [ConfigEntry] {
    func value(_ key: String) -> String? {
      trustsUser ? listed.last { $0.isTrusted && $0.key == key }?.value : nil
    }
    var result: [ConfigEntry] = []
    for name in names(in: listed, section: "filter") {
      // An empty command is no filter. The user's own commands are said again, over those of the
      // repository. What nobody set stays unset, for even an empty `process` keeps git from using `clean`
      // and `smudge`.
      for (variable, nothing) in [("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")] {
        let key = "filter.\(name).\(variable)"
        guard listed.contains(where: { $0.key == key }) else { continue }
        result.append(ConfigEntry(key: key, value: value(key) ?? nothing))
      }
    }
    for name in names(in: listed, section: "merge")
    where listed.contains(where: { $0.key == "merge.\(name).driver" }) {
      // `false` reports a conflict; an empty command would be an error, `true` would drop one side unseen.
      let key = "merge.\(name).driver"
      result.append(ConfigEntry(key: key, value: value(key) ?? "false"))
    }
    for name in names(in: listed, section: "diff") {
      for variable in ["command", "textconv"]
      where listed.contains(where: { $0.key == "diff.\(name).\(variable)" }) {
        let key = "diff.\(name).\(variable)"
        result.append(ConfigEntry(key: key, value: value(key) ?? (variable == "textconv" ? "cat" : "true")))
      }
    }
    return result
  }

  private func names(in listed: [Listed], section: String) -> [String] {
    var found: Set<String> = []
    for entry in listed where entry.key.hasPrefix("\(section).") {
      guard let last = entry.key.lastIndex(of: ".") else { continue }
      let start = entry.key.index(entry.key.startIndex, offsetBy: section.count + 1)
      if start < last { found.insert(String(entry.key[start..<last])) }
    }
    return found.sorted()
  }

  private func list(_ pattern: String) throws(GitError) -> [Listed] {
    let output = try start(
      ["config", "--null", "--show-scope", "--get-regexp", pattern], input: nil, workTree: nil, settings: [],
      extra: [:])
    // 1: nothing matches.
    guard output.status <= 1 else {
      throw GitError(message: output.errorText, operation: "read the configuration of", subject: gitDirectory)
    }
    let fields = output.stdout.split(separator: 0, omittingEmptySubsequences: false)
    var result: [Listed] = []
    for (scope, entry) in zip(fields, fields.dropFirst()).enumerated().filter({ $0.offset % 2 == 0 }).map(
      \.element)
    {
      let name = String(decoding: scope, as: UTF8.self)
      let parts = entry.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
      result.append(
        Listed(
          isTrusted: name == "system" || name == "global",
          key: PathText.string(parts.first ?? []),
          value: PathText.string(parts.dropFirst().first ?? [])))
    }
    return result
  }
}
