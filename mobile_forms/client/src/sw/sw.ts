/// <reference lib="webworker" />
// Keeps the whole program: every file of the build, under the hash of the build.

declare const __BUILD__: string;
declare const __FILES__: string[];
declare const self: ServiceWorkerGlobalScope;

const CACHE = `zoufang-${__BUILD__}`;
const SHELL = "/visit/";

async function keepAll(): Promise<void> {
  const cache = await caches.open(CACHE);
  // `reload`: what the browser or a proxy still has of an older build must not come in.
  await cache.addAll(__FILES__.map((url) => new Request(url, { cache: "reload" })));
}

async function dropOthers(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("zoufang-") && name !== CACHE).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function answer(request: Request, name: string): Promise<Response> {
  const kept = await caches.match(name, { cacheName: CACHE });
  return kept ?? (await fetch(request));
}

self.addEventListener("install", (event) => event.waitUntil(keepAll()));
self.addEventListener("activate", (event) => event.waitUntil(dropOthers()));
self.addEventListener("message", (event) => {
  if (event.data === "take over") void self.skipWaiting();
});
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (!url.pathname.startsWith(SHELL) || url.pathname.startsWith("/visit/api/")) return;
  const name = event.request.mode === "navigate" ? SHELL : url.pathname;
  if (name === SHELL || __FILES__.includes(name)) event.respondWith(answer(event.request, name));
});

export {};
