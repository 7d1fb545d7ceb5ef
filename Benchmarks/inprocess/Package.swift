// swift-tools-version: 6.2
import PackageDescription

// What must be measured inside one process. The modules are the project's own, by links to its folders: none of
// them is a product, and this package must not be part of the project's.

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "inprocess",
  targets: [
    .systemLibrary(name: "Clibgit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
    .systemLibrary(name: "Czlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "Clinux"),
    .target(name: "System", dependencies: ["Clinux"], swiftSettings: settings),
    .target(name: "Supervision", dependencies: ["System", "Clinux"], swiftSettings: settings),
    .target(
      name: "Git", dependencies: ["Clibgit2", "Czlib", "Supervision", "System"], swiftSettings: settings),
    .target(name: "CanonicalJSON", swiftSettings: settings),
    .target(name: "Migration", dependencies: ["CanonicalJSON"], swiftSettings: settings),
    .target(
      name: "Ledger", dependencies: ["CanonicalJSON", "Migration", "Git", "Supervision", "System"],
      swiftSettings: settings),
    .executableTarget(
      name: "inprocess", dependencies: ["Clibgit2", "Ledger", "Migration", "Git"], swiftSettings: settings),
  ]
)
