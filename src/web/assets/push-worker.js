/** The service worker: shows what is pushed, and leads to it. It caches nothing and answers no request. */
self.addEventListener("push", (event) => {
  let told = {};
  try { told = event.data?.json() ?? {}; } catch { /* what cannot be read is told as it is below */ }
  const title = told.title || "Capuchin has something to tell";
  event.waitUntil(self.registration.showNotification(title, { body: told.body ?? "", tag: told.tag ?? "capuchin", data: { url: told.url ?? "/inbox/notifications" } }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL(event.notification.data?.url ?? "/", self.location.origin);
  if (url.origin !== self.location.origin) return;
  event.waitUntil((async () => {
    const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const open = pages.find((page) => new URL(page.url).pathname === url.pathname);
    await (open ? open.focus() : self.clients.openWindow(url.href));
  })());
});
