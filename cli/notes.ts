/** What concerns every command: the end of the program's help. */
export const NOTES = `Exit status:
  0  done
  1  internal fault
  2  wrong usage
  3  the input is wrong: manifest, Dockerfile, file tree
  4  a registry, file or device cannot be reached or does not exist
  5  not allowed: credentials are missing or refused
  6  integrity: a digest or checksum does not fit, or verify found problems
  7  refused: by --offline, by --locked, or by vendor without a lock that fits
  8  the device refused the file, or its installation failed
  9  diff --exit-code: the two differ

Environment:
  AIRCRATE_STORE     folder of the blob store (default: the platform's cache)
  AIRCRATE_CACHE, AIRCRATE_CACHE_MODE
                     as --cache and --cache-mode
  DOCKER_CONFIG, REGISTRY_AUTH_FILE
                     folder and file with credentials, as for Docker and Podman
  AUTERION_DEVICE_ADDRESS
                     address of the device, for install and device
  SOURCE_DATE_EPOCH  seconds since 1970 that stand as every time (default: 0)
  HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY
                     proxies for registries, and the hosts asked without one
  CI                 has progress written as lines, on a terminal, too
  NO_COLOR, FORCE_COLOR
                     no colours, and colours where there is no terminal
  AIRCRATE_DEBUG=1   shows where an error arose`;
