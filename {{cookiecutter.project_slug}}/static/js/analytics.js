// Google Analytics' own snippet, in a file because the Content Security Policy allows no
// script inside a page. base.html loads it only where GA_TRACKER_ID is set.
const trackerId = document.currentScript.dataset.trackerId;
window.dataLayer = window.dataLayer || [];
function gtag() {
  window.dataLayer.push(arguments);
}
gtag("js", new Date());
gtag("config", trackerId);
