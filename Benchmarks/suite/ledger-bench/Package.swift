// swift-tools-version: 6.2
import PackageDescription

// The ledger without the command line, so that an append can be timed inside one process. The folders are
// symbolic links to the sources of the program itself.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "ledger-bench",
  targets: [
    .systemLibrary(name: "Clibgit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
    .target(name: "Clinux"),
    .target(name: "Processes", dependencies: ["Clinux"], swiftSettings: settings),
    .target(name: "Git", dependencies: ["Clibgit2", "Processes"], swiftSettings: settings),
    .target(name: "Migration", swiftSettings: settings),
    .target(name: "Ledger", dependencies: ["Migration", "Git", "Processes"], swiftSettings: settings),
    .executableTarget(
      name: "ledger-bench", dependencies: ["Ledger", "Migration", "Git"], swiftSettings: settings),
  ]
)
