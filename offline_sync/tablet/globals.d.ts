/** What the build puts in place (build.mjs). */
declare const BUILD: string; // our version and a short hash of everything the build gives out: 1.2.0-0123abcd
declare const FILES: readonly string[]; // addresses of this build's files; only in the service worker
declare const SHELL: string; // address of this build's page; only in the service worker
