# From the SBOM of a program's Go modules to the package's: see scripts/package.sh.
#   $version   the program's
#   $date      of the last commit
#   $licences  {module: SPDX identifier}
#   $runtime   the entry of third_party/runtimes.json that the library comes from

def licence($id): [{license: {id: $id}}];

# Package URLs call the clients otherwise.
def purl: {pip: "pypi", npm: "npm", mvn: "maven"}[.client] as $type |
  "pkg:\($type)/\(.package | gsub(":"; "/"))@\(.package_version)";

def sha256($hash): [{alg: "SHA-256", content: $hash}];

.metadata.component as $main |
($runtime | {
  "bom-ref": "tensorflow-lite@\(.version)",
  type: "library",
  name: "tensorflow-lite",
  version: .version,
  description: "The TensorFlow Lite C library, \(.library)",
  hashes: sha256(.library_sha256),
  licenses: licence(.licence),
  cpe: "cpe:2.3:a:google:tensorflow:\(.version):*:*:*:*:*:*:*",
  # Whoever packaged it is not who made it.
  pedigree: {ancestors: [{
    type: "file",
    name: .package,
    version: .package_version,
    purl: purl,
    hashes: sha256(.archive_sha256),
    licenses: licence(.licence)
  }]}
}) as $library |

.metadata.timestamp = $date |
.metadata.component.licenses = licence("Apache-2.0") |
# The library beside the program in the same checkout has no version of its own.
(.components[] | select(.name == "github.com/gocoral/coral")) |= . + {version: $version, licenses: licence("Apache-2.0"), purl: (.purl | sub("@\\(devel\\)"; "@" + $version))} |
(.components[] | select(.licenses == null)) |= . + {licenses: licence(
  $licences[.name] // error("\(.name) is linked in, and packaging/copyright does not name it"))} |
.components += [$library] |
(.dependencies[] | select(.ref == $main."bom-ref").dependsOn) += [$library."bom-ref"] |
.dependencies += [{ref: $library."bom-ref"}]
