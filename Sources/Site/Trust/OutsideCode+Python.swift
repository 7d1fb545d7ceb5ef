import CanonicalJSON
import Migration
import System

/// Editable installs, as pip, setuptools, flit, hatchling and their like make them, and copies of the
/// repository's packages.
extension OutsideCodeSearch {
  static let environmentHint =
    "give the gate an environment of its own; see 'Environments' in gitmigrate-plan(5)"

  func python() -> [OutsideCode] {
    var seen: Set<String> = []
    return pythons.flatMap { program in
      packageFolders(of: program).filter { seen.insert($0).inserted }.flatMap {
        packages(in: $0, of: program)
      }
    }
  }

  /// The interpreters that a verifier would find, and those that the gate's commands name.
  private var pythons: [String] {
    let environments = ["VIRTUAL_ENV", "CONDA_PREFIX"].compactMap { environment[$0].map { $0 + "/bin" } }
    let named = commands.flatMap {
      $0.split { "=:;&|()<>\"'".contains($0) || $0.isWhitespace }.filter { $0.hasPrefix("/") }.map {
        Files.parent(of: String($0))
      }
    }.filter { Files.exists(Files.parent(of: $0) + "/pyvenv.cfg") }
    var list: [String] = []
    for name in ["python3", "python"] {
      let found = (environments + searchedFolders).first { Files.isExecutable("\($0)/\(name)") }
      for folder in [found].compactMap(\.self) + named where Files.isExecutable("\(folder)/\(name)") {
        // In one folder, both names mean the same.
        if !list.contains(where: { Files.parent(of: $0) == folder }) { list.append("\(folder)/\(name)") }
      }
    }
    return list
  }

  /// Where an interpreter looks for installed packages; asked in the main work tree, because some choose the
  /// version by the folder.
  private func packageFolders(of program: String) -> [String] {
    let question = "import sys; sys.stdout.write('\\0'.join(sys.path))"
    let said = launcher.answer(of: program, ["-c", question], for: .probe, in: main) ?? ""
    return said.split(separator: "\0").map(String.init).filter {
      $0.hasPrefix("/") && ($0.hasSuffix("/site-packages") || $0.hasSuffix("/dist-packages"))
    }
  }

  private func packages(in folder: String, of program: String) -> [OutsideCode] {
    var found: [OutsideCode] = []
    for name in names(in: folder) {
      let path = "\(folder)/\(name)"
      let targets: [String]
      if Files.kind(path) == .symbolicLink {
        targets = [target(path)].compactMap(\.self)
      } else if name.hasSuffix(".pth") || name.hasSuffix(".egg-link") {
        targets = pathLines(of: path, in: folder)
      } else if name.hasSuffix(".py"), name.lowercased().contains("editable") {
        targets = self.targets(in: text(of: path) ?? "") { "\"'\n".contains($0) }
      } else {
        continue
      }
      found += targets.map {
        OutsideCode(
          place: "'\(path)' of '\(program)' (an editable install)", target: $0, hint: Self.environmentHint)
      }
    }
    let known = found.map(\.target)
    return found
      + origins(in: folder, of: program).filter { origin in
        // The same install, told once.
        !known.contains { $0 == origin.target || $0.hasPrefix(origin.target + "/") }
      }
  }

  /// What the lines of a path file lead to: a folder each, or a statement that makes up such a folder.
  private func pathLines(of file: String, in folder: String) -> [String] {
    (text(of: file) ?? "").split(whereSeparator: \.isNewline).flatMap { line -> [String] in
      if line.hasPrefix("#") { return [] }
      if line.hasPrefix("import ") || line.hasPrefix("import\t") {
        return targets(in: String(line)) { "\"'".contains($0) }
      }
      let path = String(line.reversed().drop(while: \.isWhitespace).reversed())
      return [path.isEmpty ? nil : target(path, from: folder)].compactMap(\.self)
    }
  }

  /// Where packages were installed from, as PEP 610 has it recorded.
  private func origins(in folder: String, of program: String) -> [OutsideCode] {
    names(in: folder).filter { $0.hasSuffix(".dist-info") }.compactMap { name in
      let file = "\(folder)/\(name)/direct_url.json"
      guard let text = self.text(of: file), let record = try? JSON.parse(text),
        case .string(let url)? = record["url"], let path = Self.path(ofFileURL: url),
        let target = target(path)
      else { return nil }
      let isEditable = record["dir_info"]?["editable"] == .bool(true)
      return OutsideCode(
        place: "'\(file)' of '\(program)' (\(isEditable ? "an editable install" : "a copy of it"))",
        target: target, hint: Self.environmentHint)
    }
  }

  /// The path of a URL of a local file, with its escapes undone.
  package static func path(ofFileURL url: String) -> String? {
    guard url.hasPrefix("file://") else { return nil }
    let rest = url.dropFirst("file://".count)
    guard let slash = rest.firstIndex(of: "/") else { return nil }
    let bytes = Array(rest[slash...].utf8)
    var path: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
        let byte = UInt8(String(decoding: bytes[index + 1...index + 2], as: UTF8.self), radix: 16)
      {
        path.append(byte)
        index += 3
      } else {
        path.append(bytes[index])
        index += 1
      }
    }
    return String(validating: path, as: UTF8.self)
  }
}
