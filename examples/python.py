"""openapi-generator-cli generate -g python -i openapi.yaml -o generated --package-name cairn_client
PYTHONPATH=generated python examples/python.py [http://127.0.0.1:8080]"""
import sys

import cairn_client as cairn
from cairn_client.exceptions import ApiException

server = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
client = cairn.ApiClient(cairn.Configuration(host=server))
stores, objects, many = cairn.StoresApi(client), cairn.ObjectsApi(client), cairn.ManyObjectsApi(client)

stores.create_store("python-example")
receipt = objects.put_object("python-example", "notes/1", body=b"hello, cairn", _content_type="text/plain",
                             _headers={"Cairn-Meta-Mood": "good"})
print(receipt.etag, objects.get_object("python-example", "notes/1").decode())
try:
    objects.put_object("python-example", "notes/1", body=b"late", if_none_match="*")
except ApiException as refusal:
    print(refusal.status, refusal.data.detail)
many.move_object("python-example", cairn.Transfer(key="notes/1", destination=cairn.Destination(key="kept")))
stores.delete_store("python-example", force=True)
