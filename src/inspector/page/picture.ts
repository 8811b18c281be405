/** An SVG text as a part of the page. It must never run or fetch what a text would want to. */

/** As large as in diagrams/: its text is meant to be read at that size. */
export function elementOf(svg: string): Node {
  const { documentElement } = new DOMParser().parseFromString(svg, 'image/svg+xml');
  const [, , width = '', height = ''] = documentElement.getAttribute('viewBox')?.split(' ') ?? [];
  documentElement.setAttribute('width', width);
  documentElement.setAttribute('height', height);
  return document.importNode(documentElement, true);
}
