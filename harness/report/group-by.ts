/** Items by key, in the order of first appearance (Map.groupBy came with Node 21). */
export function groupBy<Item>(items: readonly Item[], key: (item: Item) => string): Map<string, [Item, ...Item[]]> {
  const groups = new Map<string, [Item, ...Item[]]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
